import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { decodeJwt, SignJWT } from 'jose'
import { tenantId } from '../../domain/tenant.ts'
import { addProgram, openTestIdentity, type TestIdentity, testOrigin } from '../identity-setup.contract.ts'
import { isTokenRefusal } from '../token-authority.ts'

const tenant = 'b7c2ef45-6a3f-4f5e-a04b-8fdd1b9e5cc1'
const v2 = `/${tenant}/oauth2/v2.0/token`
const grant = { grant_type: 'client_credentials' }

async function whoHolds({ identity }: TestIdentity, token: unknown, audience: 'management' | 'data'): Promise<string> {
  const result = await identity.tokens.verify(String(token), audience)
  return isTokenRefusal(result) ? result.code : result.id
}

test('a client with its secret gets a token, at every form of the endpoint', async (t) => {
  const setup = await openTestIdentity(t)
  const { id, clientId, secret } = await addProgram(setup)
  const client = { ...grant, client_id: clientId, client_secret: secret }
  for (const path of [
    v2,
    '/adfs/oauth2/token',
    `/adfs/${tenant}/oauth2/v2.0/token`,
    '/contoso.test/oauth2/token',
    '/common/oauth2/v2.0/token/',
    `/ADFS/OAuth2/Token`,
  ]) {
    const { status, json, headers } = await setup.post(path, {
      ...client,
      scope: 'https://management.azure.com/.default',
    })
    assert.equal(status, 200, path)
    assert.equal(headers['Cache-Control'], 'no-store')
    assert.equal(json['token_type'], 'Bearer')
    assert.equal(Number(json['expires_in']), 3600)
    assert.equal(await whoHolds(setup, json['access_token'], 'management'), id)
  }
})

test('the claims are those of Microsoft Entra', async (t) => {
  const setup = await openTestIdentity(t)
  const { id, clientId, secret } = await addProgram(setup)
  const { json } = await setup.post(v2, {
    ...grant,
    client_id: clientId,
    client_secret: secret,
    scope: 'https://relay.azure.net//.default',
    client_info: '1',
    claims: '{"access_token":{"xms_cc":{"values":["CP1"]}}}',
    'x-client-SKU': 'test',
  })
  const { iat = 0, jti, ...claims } = decodeJwt(String(json['access_token']))
  assert.match(String(jti), /^[\da-f-]{36}$/)
  assert.deepEqual(claims, {
    iss: `${testOrigin}/${tenantId}/v2.0`,
    aud: 'https://relay.azure.net/',
    sub: id,
    oid: id,
    name: 'robot',
    appid: clientId,
    azp: clientId,
    idtyp: 'app',
    nbf: iat,
    exp: iat + 3600,
    tid: tenantId,
    ver: '2.0',
  })
})

test('the resource decides about the plane', async (t) => {
  const setup = await openTestIdentity(t)
  const { id, clientId, secret } = await addProgram(setup)
  const client = { ...grant, client_id: clientId, client_secret: secret }
  for (const [asked, plane] of [
    [{}, 'management'],
    [{ scope: 'https://management.azure.com/.default' }, 'management'],
    [{ scope: 'https://management.core.windows.net//.default' }, 'management'],
    [{ scope: `${testOrigin}/.default openid profile offline_access` }, 'management'],
    [{ scope: 'https://manage.test:9000/user_impersonation' }, 'management'],
    [{ resource: 'https://management.core.windows.net/' }, 'management'],
    [{ resource: 'https://MANAGE.test' }, 'management'],
    [{ scope: 'https://relay.azure.net/.default' }, 'data'],
    [{ scope: 'https://relay.azure.net//.default' }, 'data'],
    [{ resource: 'https://relay.azure.net' }, 'data'],
    [{ resource: 'https://relay.test:8443/' }, 'data'],
    [{ resource: 'sb://contoso.test/' }, 'data'],
  ] as const) {
    const { status, json } = await setup.post(v2, { ...client, ...asked })
    assert.equal(status, 200, JSON.stringify([asked, json]))
    const other = plane === 'data' ? 'management' : 'data'
    assert.equal(await whoHolds(setup, json['access_token'], plane), id, JSON.stringify(asked))
    assert.equal(await whoHolds(setup, json['access_token'], other), 'TokenAudienceInvalid', JSON.stringify(asked))
  }
  for (const [asked, error] of [
    [{ scope: 'https://graph.microsoft.com/.default' }, 'invalid_resource'],
    [{ resource: 'https://relay.test:9999' }, 'invalid_resource'],
    [{ resource: 'https://relay.azure.net:444' }, 'invalid_resource'],
    [{ resource: 'https://relay.azure.net.evil.test' }, 'invalid_resource'],
    [{ resource: 'https://manage.test@evil.test' }, 'invalid_resource'],
    [{ resource: 'x' }, 'invalid_resource'],
    [{ scope: 'https://relay.azure.net/.default https://management.azure.com/.default' }, 'invalid_scope'],
  ] as const) {
    const { status, json } = await setup.post(v2, { ...client, ...asked })
    assert.deepEqual([status, json['error']], [400, error], JSON.stringify(asked))
  }
})

test('behind a port mapping the address that the client has used stands for the management plane', async (t) => {
  const setup = await openTestIdentity(t)
  const { id, clientId, secret } = await addProgram(setup)
  const origin = 'https://localhost:19443'
  const form = { ...grant, client_id: clientId, client_secret: secret, scope: `${origin}/.default` }
  const { json } = await setup.post(v2, form, { origin })
  assert.equal(decodeJwt(String(json['access_token'])).aud, testOrigin)
  assert.equal(await whoHolds(setup, json['access_token'], 'management'), id)
})

test('a secret may come in a Basic header, form-encoded', async (t) => {
  const setup = await openTestIdentity(t)
  const { clientId, secret } = await addProgram(setup)
  const basic = (id: string, password: string) => ({
    headers: {
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(password)}`).toString('base64')}`,
    },
  })
  assert.equal((await setup.post(v2, grant, basic(clientId, secret))).status, 200)
  assert.equal((await setup.post(v2, grant, basic(clientId, `${secret}x`))).status, 401)
  assert.equal((await setup.post(v2, grant, { headers: { authorization: 'Basic %%%' } })).status, 400)
})

test('an unknown client and a wrong secret get the same answer', async (t) => {
  const setup = await openTestIdentity(t)
  const { clientId, secret } = await addProgram(setup)
  const answers = [
    await setup.post(v2, { ...grant, client_id: clientId, client_secret: `${secret}x` }),
    await setup.post(v2, { ...grant, client_id: randomUUID(), client_secret: secret }),
    await setup.post(v2, { ...grant, client_id: clientId, client_secret: '' }),
  ].map(({ status, json }) => {
    const { timestamp, trace_id, correlation_id, error_description, ...rest } = json
    assert.match(String(timestamp), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/)
    assert.match([trace_id, correlation_id].join(' '), /^[\da-f-]{36} [\da-f-]{36}$/)
    return { status, ...rest, text: String(error_description).replace(/ Trace ID.*/, '') }
  })
  const [first] = answers
  assert.deepEqual(first, {
    status: 401,
    error: 'invalid_client',
    error_codes: [7_000_215],
    text: 'AADSTS7000215: Invalid client id or client secret provided.',
  })
  for (const answer of answers) assert.deepEqual(answer, first)
})

test('an expired secret and a disabled principal are told to whoever knows the secret, and to nobody else', async (t) => {
  const setup = await openTestIdentity(t)
  const { directory } = setup.identity
  const { id, clientId } = await directory.create({ kind: 'servicePrincipal', displayName: 'late' })
  const { secret } = await directory.addSecret(id, { displayName: 'old', expiresAt: new Date(Date.now() - 1) })
  const form = { ...grant, client_id: clientId, client_secret: secret.reveal() }
  assert.deepEqual((await setup.post(v2, form)).json['error_codes'], [7_000_222])
  await directory.setEnabled(id, false)
  assert.deepEqual((await setup.post(v2, form)).json['error_codes'], [7_000_112])
  const wrong = await setup.post(v2, { ...form, client_secret: 'x' })
  assert.deepEqual(wrong.json['error_codes'], [7_000_215])
})

test('who fails too often is refused unheard, and other networks are not', async (t) => {
  const setup = await openTestIdentity(t)
  const { clientId, secret } = await addProgram(setup)
  const right = { ...grant, client_id: clientId, client_secret: secret }
  const attacker = { address: '198.51.100.9' }
  for (let n = 0; n < 10; n++) {
    assert.equal((await setup.post(v2, { ...right, client_secret: String(n) }, attacker)).status, 401)
  }
  const { status, json, headers } = await setup.post(v2, right, attacker)
  assert.deepEqual([status, json['error']], [429, 'temporarily_unavailable'])
  assert.ok(Number(headers['Retry-After']) > 200 && Number(headers['Retry-After']) <= 300)
  assert.equal((await setup.post(v2, right)).status, 200)
})

test('what is missing or unknown is named', async (t) => {
  const setup = await openTestIdentity(t)
  for (const [form, error, text] of [
    [{}, 'invalid_request', /grant_type/],
    [grant, 'invalid_request', /client_id/],
    [{ ...grant, client_id: 'x' }, 'invalid_request', /client_secret or client_assertion/],
    [{ ...grant, client_assertion: 'x' }, 'invalid_request', /client_assertion_type/],
    [{ grant_type: 'password' }, 'unsupported_grant_type', /AADSTS70003/],
    [{ grant_type: '__proto__' }, 'unsupported_grant_type', /AADSTS70003/],
  ] as const) {
    const { status, json } = await setup.post(v2, form)
    assert.deepEqual([status, json['error']], [400, error])
    assert.match(String(json['error_description']), text)
  }
  const correlation = randomUUID()
  const { json } = await setup.post(v2, {}, { headers: { 'client-request-id': correlation } })
  assert.equal(json['correlation_id'], correlation)
})

test('sign-ins are reported, with the client as it was named', async (t) => {
  const setup = await openTestIdentity(t)
  const { id, clientId, credentialId, secret } = await addProgram(setup)
  await setup.post(v2, { ...grant, client_id: clientId, client_secret: 'x' })
  await setup.post(v2, { ...grant, client_id: clientId, client_secret: secret })
  const common = { grant: 'client_credentials', name: clientId, address: '192.0.2.7' }
  assert.deepEqual(setup.events, [
    { ...common, result: 'failed', reason: 'credentials' },
    { ...common, principalId: id, result: 'succeeded', reason: `credential ${credentialId}` },
  ])
})

interface Assertion {
  readonly key: KeyObject
  readonly alg?: string
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
}

async function assertionForm(clientId: string, { key, alg = 'PS256', claims, header }: Assertion) {
  const nowS = Math.floor(Date.now() / 1000)
  const standard = {
    iss: clientId,
    sub: clientId,
    aud: `${testOrigin}${v2}`,
    jti: randomUUID(),
    nbf: nowS,
    exp: nowS + 600,
  }
  const assertion = await new SignJWT({ ...standard, ...claims }).setProtectedHeader({ alg, ...header }).sign(key)
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  return { ...grant, client_id: clientId, client_assertion_type, client_assertion: assertion }
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })

async function programWithKeys(setup: TestIdentity): Promise<{ readonly id: string; readonly clientId: string }> {
  const { id, clientId } = await addProgram(setup)
  for (const { publicKey } of [rsa, ec]) {
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    await setup.identity.directory.addKey(id, pem, { displayName: 'key' })
  }
  return { id, clientId }
}

test('an assertion signed by a registered key is as good as a secret', async (t) => {
  const setup = await openTestIdentity(t)
  const { id, clientId } = await programWithKeys(setup)
  for (const [alg, key] of [
    ['RS256', rsa.privateKey],
    ['PS256', rsa.privateKey],
    ['ES256', ec.privateKey],
  ] as const) {
    const { status, json } = await setup.post(v2, await assertionForm(clientId, { key, alg }))
    assert.equal(status, 200, alg)
    assert.equal(await whoHolds(setup, json['access_token'], 'management'), id)
  }
  for (const aud of [
    `${testOrigin}/adfs/oauth2/token`,
    `${testOrigin}/adfs/${tenant}/oauth2/v2.0/token`,
    `https://manage.test${v2}`,
    `${testOrigin}/${tenant}/v2.0`,
    testOrigin,
    'https://relay.test:9443/common/oauth2/v2.0/token',
  ]) {
    assert.equal(
      (await setup.post(v2, await assertionForm(clientId, { key: rsa.privateKey, claims: { aud } }))).status,
      200,
      aud,
    )
  }
  const inAnHour = { exp: Math.floor(Date.now() / 1000) + 3_660 }
  const longest = await assertionForm(clientId, { key: rsa.privateKey, claims: inAnHour })
  assert.equal((await setup.post(v2, longest)).status, 200, "an hour by Terraform's clock, which is ahead")
  const { client_id: _, ...unnamed } = await assertionForm(clientId, { key: rsa.privateKey })
  assert.equal((await setup.post(v2, unnamed)).status, 200)
})

test('an assertion that is wrong in any way is refused', async (t) => {
  const setup = await openTestIdentity(t)
  const { clientId } = await programWithKeys(setup)
  const other = await addProgram(setup, 'other')
  const nowS = Math.floor(Date.now() / 1000)
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const spki = Buffer.from(rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString())
  const key = rsa.privateKey
  const hmac = await new SignJWT({ iss: clientId, sub: clientId, aud: `${testOrigin}${v2}`, exp: nowS + 60 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(spki)
  const forms = {
    'the key of a stranger': await assertionForm(clientId, { key: stranger }),
    'another client': { ...(await assertionForm(clientId, { key })), client_id: other.clientId },
    'sub of another client': await assertionForm(clientId, { key, claims: { sub: other.clientId } }),
    'iss of another client': await assertionForm(clientId, { key, claims: { iss: other.clientId } }),
    'a client without keys': await assertionForm(other.clientId, { key }),
    nobody: await assertionForm(randomUUID(), { key }),
    'another audience': await assertionForm(clientId, {
      key,
      claims: { aud: `https://login.microsoftonline.com${v2}` },
    }),
    'an audience that only begins like ours': await assertionForm(clientId, {
      key,
      claims: { aud: `${testOrigin}.evil.test${v2}` },
    }),
    'an audience that is a number': await assertionForm(clientId, { key, claims: { aud: 7 } }),
    'an audience with a user part': await assertionForm(clientId, {
      key,
      claims: { aud: `https://relay.test@evil.test${v2}` },
    }),
    'another program on loopback': await assertionForm(clientId, { key, claims: { aud: `https://localhost:1${v2}` } }),
    expired: await assertionForm(clientId, { key, claims: { exp: nowS - 1 } }),
    'not yet valid': await assertionForm(clientId, { key, claims: { nbf: nowS + 300 } }),
    endless: await assertionForm(clientId, { key, claims: { exp: undefined } }),
    'valid for a day': await assertionForm(clientId, { key, claims: { exp: nowS + 86_400 } }),
    RS384: await assertionForm(clientId, { key, alg: 'RS384' }),
    'HS256 with the public key': { ...(await assertionForm(clientId, { key })), client_assertion: hmac },
    garbage: { ...(await assertionForm(clientId, { key })), client_assertion: 'a.b.c' },
  }
  for (const [what, form] of Object.entries(forms)) {
    const address = `198.51.100.${Object.keys(forms).indexOf(what)}`
    const { status, json } = await setup.post(v2, form, { address })
    assert.deepEqual([status, json['error'], json['error_codes']], [401, 'invalid_client', [700_027]], what)
  }
})

test('an assertion is good for the network that showed it first: elsewhere it is a replay', async (t) => {
  const setup = await openTestIdentity(t)
  const { clientId } = await programWithKeys(setup)
  const form = await assertionForm(clientId, { key: rsa.privateKey })
  assert.equal((await setup.post(v2, form)).status, 200)
  assert.equal((await setup.post(v2, form)).status, 200, 'MSAL for Node signs once in ten minutes')
  assert.equal((await setup.post(v2, form, { address: '198.51.100.1' })).status, 401)
})

test('without a jti it is the signed text that is remembered, whatever becomes of the signature', async (t) => {
  const setup = await openTestIdentity(t)
  const { clientId } = await programWithKeys(setup)
  const form = await assertionForm(clientId, { key: ec.privateKey, alg: 'ES256', claims: { jti: undefined } })
  assert.equal((await setup.post(v2, form)).status, 200)
  const [header = '', payload = '', signature = ''] = form.client_assertion.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
  const client_assertion = `${header}.${payload}.${twin.toString('base64url')}`
  assert.equal((await setup.post(v2, { ...form, client_assertion })).status, 200, 'the twin is a valid signature')
  assert.equal((await setup.post(v2, { ...form, client_assertion }, { address: '198.51.100.1' })).status, 401)
})

test('the key that an assertion names by its certificate is looked at first, SHA-256 names try all', async (t) => {
  const setup = await openTestIdentity(t)
  const { clientId } = await programWithKeys(setup)
  const thumbprint = createHash('sha256').update('x').digest('base64url')
  const form = await assertionForm(clientId, { key: rsa.privateKey, header: { 'x5t#S256': thumbprint, x5t: 'AAAA' } })
  assert.equal((await setup.post(v2, form)).status, 200)
})

test('a password that was typed in the place of the name is not reported', async (t) => {
  const setup = await openTestIdentity(t)
  await setup.post(v2, { ...grant, client_id: 'my secret passphrase', client_secret: 'x' })
  assert.equal(setup.events[0]?.name, 'unknown')
})
