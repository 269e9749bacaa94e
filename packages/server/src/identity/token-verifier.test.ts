import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { type CryptoKey, exportSPKI, generateKeyPair, importJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { tenantId } from '../domain/tenant.ts'
import { addProgram, openTestIdentity, type TestIdentity } from './identity-setup.contract.ts'
import { isTokenRefusal } from './token-authority.ts'
import { maxTokenLength } from './token-verifier.ts'

interface Signed {
  readonly setup: TestIdentity
  readonly principalId: string
  /** Claims of a token that is accepted. */
  readonly claims: JWTPayload
  readonly kid: string
  /** Signs with the real key unless something else is said. */
  readonly sign: (
    claims?: JWTPayload,
    header?: Record<string, unknown>,
    key?: CryptoKey | Uint8Array,
  ) => Promise<string>
}

async function setUp(t: TestContext): Promise<Signed> {
  const setup = await openTestIdentity(t)
  const { id } = await addProgram(setup)
  const { keys, tokens } = setup.identity
  const nowS = Math.floor(Date.now() / 1000)
  const iss = `${setup.origin}/${tenantId}/v2.0`
  const claims = { iss, aud: 'https://management.azure.com/', oid: id, sub: id, iat: nowS, nbf: nowS, exp: nowS + 600 }
  const { id: kid, privateKey } = keys.current
  const sign: Signed['sign'] = (changes = {}, header = {}, key = privateKey) =>
    new SignJWT({ ...claims, ...changes }).setProtectedHeader({ typ: 'JWT', alg: 'ES256', kid, ...header }).sign(key)
  const good = await tokens.verify(await sign(), 'management')
  assert.ok(!isTokenRefusal(good) && good.id === id, 'what the tests below damage is good before')
  return { setup, principalId: id, claims, kid, sign }
}

async function refused(
  { setup }: Signed,
  token: string,
  audience: 'management' | 'data' = 'management',
): Promise<string> {
  const result = await setup.identity.tokens.verify(token, audience)
  assert.equal(setup.identity.tokens.verifyCached(token, audience), undefined)
  return isTokenRefusal(result) ? result.code : 'accepted'
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

test('a token names its caller', async (t) => {
  const { setup, principalId, sign, claims } = await setUp(t)
  const token = await sign({ azp: 'client' })
  assert.deepEqual(await setup.identity.tokens.verify(token, 'management'), {
    id: principalId,
    principalIds: [principalId],
    name: 'servicePrincipal:robot',
    kind: 'servicePrincipal',
    clientId: 'client',
    expiresAtMs: (claims.exp ?? 0) * 1000,
  })
})

test('a wrong issuer is refused', async (t) => {
  const signed = await setUp(t)
  for (const iss of ['https://evil.test', `${signed.claims.iss}/`, signed.claims.iss?.toUpperCase(), undefined, 7]) {
    assert.equal(await refused(signed, await signed.sign({ iss } as JWTPayload)), 'TokenIssuerUnknown', String(iss))
  }
})

test('a token for another audience is refused, also the one of the other plane', async (t) => {
  const signed = await setUp(t)
  for (const aud of [
    'https://graph.microsoft.com',
    '00000003-0000-0000-c000-000000000000',
    '',
    undefined,
    [],
    7,
    {},
    [7],
  ]) {
    const token = await signed.sign({ aud } as unknown as JWTPayload)
    assert.equal(await refused(signed, token), 'TokenAudienceInvalid', JSON.stringify(aud))
    assert.equal(await refused(signed, token, 'data'), 'TokenAudienceInvalid', JSON.stringify(aud))
  }
  assert.equal(await refused(signed, await signed.sign(), 'data'), 'TokenAudienceInvalid')
  const data = await signed.sign({ aud: 'https://relay.azure.net//' })
  assert.equal(await refused(signed, data), 'TokenAudienceInvalid')
  assert.ok(!isTokenRefusal(await signed.setup.identity.tokens.verify(data, 'data')))
})

test('a token without a signature is refused: alg none, in every spelling', async (t) => {
  const signed = await setUp(t)
  const unsecured = new UnsecuredJWT(signed.claims).encode()
  assert.equal(await refused(signed, unsecured), 'TokenMalformed')
  const [, payload = '', signature = ''] = (await signed.sign()).split('.')
  for (const alg of ['none', 'None', 'NONE', '', 'nOnE']) {
    const header = base64url({ typ: 'JWT', alg, kid: signed.kid })
    for (const end of ['', signature]) {
      assert.equal(await refused(signed, `${header}.${payload}.${end}`), 'TokenMalformed', alg)
    }
  }
})

test('a token signed by HMAC with the public key is refused', async (t) => {
  const signed = await setUp(t)
  const [jwk] = signed.setup.identity.keys.jwks().keys
  const spki = await exportSPKI((await importJWK(jwk!, 'ES256', { extractable: true })) as CryptoKey)
  const der = createPublicKey(spki).export({ type: 'spki', format: 'der' })
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    for (const secret of [Buffer.from(spki), Buffer.from(spki.trim()), der, Buffer.from(JSON.stringify(jwk))]) {
      const key = Buffer.concat([secret], Math.max(secret.length, 64))
      assert.equal(await refused(signed, await signed.sign({}, { alg }, key)), 'TokenMalformed', alg)
    }
  }
})

test('an algorithm that the issuer does not use is refused', async (t) => {
  const signed = await setUp(t)
  for (const alg of ['RS256', 'PS256', 'ES384', 'EdDSA']) {
    const { privateKey } = await generateKeyPair(alg)
    assert.equal(await refused(signed, await signed.sign({}, { alg }, privateKey)), 'TokenMalformed', alg)
  }
})

test('an expired token is refused, to the second', async (t) => {
  const signed = await setUp(t)
  const nowS = Math.floor(Date.now() / 1000)
  for (const exp of [nowS - 86_400, nowS - 1, nowS]) {
    assert.equal(await refused(signed, await signed.sign({ exp })), 'TokenExpired', String(exp - nowS))
  }
})

test('a token without an end, or with one that is no number, is refused', async (t) => {
  const signed = await setUp(t)
  for (const exp of [undefined, 'tomorrow', null, '9999999999']) {
    assert.equal(
      await refused(signed, await signed.sign({ exp } as unknown as JWTPayload)),
      'TokenMalformed',
      String(exp),
    )
  }
})

test('a token that is not valid yet is refused; a minute of clock skew is forgiven', async (t) => {
  const signed = await setUp(t)
  const nowS = Math.floor(Date.now() / 1000)
  assert.equal(await refused(signed, await signed.sign({ nbf: nowS + 90 })), 'TokenNotYetValid')
  const early = await signed.setup.identity.tokens.verify(await signed.sign({ nbf: nowS + 30 }), 'management')
  assert.ok(!isTokenRefusal(early))
})

test('a key id that nobody knows, or none, is refused', async (t) => {
  const signed = await setUp(t)
  assert.equal(await refused(signed, await signed.sign({}, { kid: 'nobody' })), 'TokenSignatureInvalid')
  for (const kid of [undefined, '', 7, '__proto__', 'k'.repeat(300)]) {
    const code = await refused(signed, await signed.sign({}, { kid }))
    assert.match(code, /TokenMalformed|TokenSignatureInvalid/, String(kid))
  }
})

test('a token signed by another key under a known key id is refused, and a key it brings along is not looked at', async (t) => {
  const signed = await setUp(t)
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await crypto.subtle.exportKey('jwk', publicKey)
  for (const header of [{}, { jwk }, { jku: 'https://evil.test/keys' }, { x5u: 'https://evil.test/chain' }]) {
    assert.equal(await refused(signed, await signed.sign({}, header, privateKey)), 'TokenSignatureInvalid')
  }
})

test('a critical header that nobody understands is refused', async (t) => {
  const signed = await setUp(t)
  const [, payload = ''] = (await signed.sign()).split('.')
  const header = base64url({ typ: 'JWT', alg: 'ES256', kid: signed.kid, crit: ['x'], x: 1 })
  assert.equal(await refused(signed, `${header}.${payload}.AAAA`), 'TokenMalformed')
})

test('a huge token is refused before anything is read', async (t) => {
  const signed = await setUp(t)
  assert.equal(await refused(signed, await signed.sign({ pad: 'x'.repeat(maxTokenLength) })), 'TokenMalformed')
  assert.equal(await refused(signed, 'a.'.repeat(10_000_000)), 'TokenMalformed')
})

test('a truncated token and one with any bit turned over is refused', async (t) => {
  const signed = await setUp(t)
  const token = await signed.sign()
  for (let length = 0; length < token.length; length += 7) {
    assert.notEqual(await refused(signed, token.slice(0, length)), 'accepted', `cut at ${length}`)
  }
  const bytes = Buffer.from(token)
  // The last character of a part has bits that stand for nothing.
  const free = new Set([token.indexOf('.') - 1, token.lastIndexOf('.') - 1, token.length - 1])
  for (let at = 0; at < bytes.length; at += 3) {
    if (free.has(at)) continue
    const flipped = Buffer.from(bytes)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 7))
    assert.notEqual(await refused(signed, flipped.toString('latin1')), 'accepted', `bit in byte ${at}`)
  }
})

test('texts that are no token are refused', async (t) => {
  const signed = await setUp(t)
  for (const text of [
    '',
    '.',
    '..',
    '...',
    'a.b.c',
    'Bearer x',
    'SharedAccessSignature sr=x&sig=y',
    'e30.e30.e30',
    '\u0000.a.b',
  ]) {
    assert.equal(await refused(signed, text), 'TokenMalformed', text)
  }
  const [header = '', , signature = ''] = (await signed.sign()).split('.')
  for (const payload of ['bnVsbA', base64url([]), base64url('text'), 'AAAA']) {
    assert.match(await refused(signed, `${header}.${payload}.${signature}`), /^Token(Malformed|IssuerUnknown)$/)
  }
})

test('claims cannot pretend to be a refusal or reach the prototype', async (t) => {
  const signed = await setUp(t)
  const token = await signed.sign({ code: 'TokenExpired', reason: 'x', __proto__: { isEnabled: true } })
  assert.ok(!isTokenRefusal(await signed.setup.identity.tokens.verify(token, 'management')))
  assert.equal(await refused(signed, await signed.sign({ oid: '__proto__' })), 'TokenPrincipalInvalid')
  assert.equal(await refused(signed, await signed.sign({ oid: ['x'] })), 'TokenPrincipalInvalid')
})

test('tokens of a principal that is disabled or deleted are refused at once, remembered ones too', async (t) => {
  const signed = await setUp(t)
  const { directory, tokens } = signed.setup.identity
  const token = await signed.sign()
  await tokens.verify(token, 'management')
  assert.equal(tokens.verifyCached(token, 'management')?.id, signed.principalId)
  await directory.setEnabled(signed.principalId, false)
  assert.equal(await refused(signed, token), 'TokenPrincipalInvalid')
  await directory.setEnabled(signed.principalId, true)
  assert.ok(!isTokenRefusal(await tokens.verify(token, 'management')))
  await directory.delete(signed.principalId)
  assert.equal(await refused(signed, token), 'TokenPrincipalInvalid')
})

test('a remembered token is good for its plane alone, and never beyond its end', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const signed = await setUp(t)
  const { tokens } = signed.setup.identity
  const token = await signed.sign()
  assert.equal(tokens.verifyCached(token, 'management'), undefined, 'not before it was verified')
  await tokens.verify(token, 'management')
  assert.equal(tokens.verifyCached(token, 'management')?.id, signed.principalId)
  assert.equal(tokens.verifyCached(token, 'data'), undefined)
  t.mock.timers.tick(601_000)
  assert.equal(await refused(signed, token), 'TokenExpired')
})

test('a token whose key was dropped is refused, remembered or not', async (t) => {
  const signed = await setUp(t)
  const { tokens, keys } = signed.setup.identity
  const token = await signed.sign()
  await tokens.verify(token, 'management')
  await keys.rotate()
  assert.equal(tokens.verifyCached(token, 'management')?.id, signed.principalId, 'an old key still counts')
  await keys.rotate({ revoke: true })
  assert.equal(await refused(signed, token), 'TokenSignatureInvalid')
})
