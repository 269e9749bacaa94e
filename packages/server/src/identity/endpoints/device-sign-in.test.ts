import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Secret } from '@postern/program'
import { decodeJwt } from 'jose'
import { openTestIdentity, type RequestSource, type TestIdentity, testOrigin } from '../identity-setup.contract.ts'
import { isTokenRefusal } from '../token-authority.ts'

const password = 'correct horse battery'
const grant = 'urn:ietf:params:oauth:grant-type:device_code'
const client = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
const scope = 'https://relay.azure.net/.default offline_access openid profile'

async function setUp(t: TestContext): Promise<TestIdentity & { readonly id: string }> {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const setup = await openTestIdentity(t)
  const { directory } = setup.identity
  const { id } = await directory.create({ kind: 'user', displayName: 'Ann Lee', signInName: 'ann@contoso.test' })
  await directory.setPassword(id, new Secret(password))
  return { ...setup, id }
}

async function begin(setup: TestIdentity, more: Record<string, string> = {}, from: RequestSource = {}) {
  const { status, json } = await setup.post(
    '/common/oauth2/v2.0/devicecode',
    { client_id: client, scope, ...more },
    from,
  )
  assert.equal(status, 200)
  return { device_code: String(json['device_code']), user_code: String(json['user_code']), json }
}

const poll = (setup: TestIdentity, device_code: string, more: Record<string, string> = {}) =>
  setup.post('/common/oauth2/v2.0/token', {
    grant_type: grant,
    client_id: client,
    device_code,
    client_info: '1',
    ...more,
  })

const allow = (setup: TestIdentity, user_code: string, more: Record<string, string> = {}, from: RequestSource = {}) =>
  setup.post('/device', { user_code, action: 'allow', name: 'Ann@contoso.test', password, ...more }, from)

test('a person signs in for a program that waits', async (t) => {
  const setup = await setUp(t)
  const { device_code, user_code, json } = await begin(setup)
  assert.equal(json['verification_uri'], `${testOrigin}/device`)
  assert.equal(json['interval'], 5)
  assert.equal(json['expires_in'], 900)
  assert.ok(String(json['message']).includes(`${testOrigin}/device`) && String(json['message']).includes(user_code))
  assert.equal((await poll(setup, device_code)).json['error'], 'authorization_pending')
  const page = await setup.get(`/device?user_code=${user_code}`)
  assert.ok(page.body.includes(`value="${user_code}"`))
  const consent = await setup.post('/device', { user_code, action: 'look' })
  assert.match(consent.body, /Azure CLI \(04b07795-8ddb-461a-bbee-02f9e1bf7b46\)/)
  assert.match(consent.body, /192\.0\.2\.7/)
  assert.match(consent.body, /stay signed in for you at this relay/)
  const done = await allow(setup, user_code)
  assert.deepEqual([done.status, /You are signed in/.test(done.body)], [200, true])
  const { status, json: answer } = await poll(setup, device_code)
  assert.equal(status, 200)
  const caller = await setup.identity.tokens.verify(String(answer['access_token']), 'data')
  assert.ok(!isTokenRefusal(caller))
  assert.deepEqual([caller.id, caller.kind, caller.name], [setup.id, 'user', 'user:ann@contoso.test'])
  const { aud, preferred_username, oid } = decodeJwt(String(answer['id_token']))
  assert.deepEqual([aud, preferred_username, oid], [client, 'ann@contoso.test', setup.id])
  const info = JSON.parse(Buffer.from(String(answer['client_info']), 'base64url').toString()) as Record<string, string>
  assert.equal(info['uid'], setup.id)
  assert.equal(answer['scope'], scope)
  assert.equal((await poll(setup, device_code)).json['error'], 'bad_verification_code', 'once')
})

test('an id token opens nothing', async (t) => {
  const setup = await setUp(t)
  const { device_code, user_code } = await begin(setup)
  await allow(setup, user_code)
  const { json } = await poll(setup, device_code)
  for (const plane of ['management', 'data'] as const) {
    const result = await setup.identity.tokens.verify(String(json['id_token']), plane)
    assert.ok(isTokenRefusal(result) && result.code === 'TokenAudienceInvalid')
  }
})

test('a refresh token keeps the person signed in, also for the other plane, and only at this program', async (t) => {
  const setup = await setUp(t)
  const { device_code, user_code } = await begin(setup)
  await allow(setup, user_code)
  const refresh_token = String((await poll(setup, device_code)).json['refresh_token'])
  const refresh = (more: Record<string, string> = {}) =>
    setup.post('/common/oauth2/v2.0/token', {
      grant_type: 'refresh_token',
      client_id: client,
      refresh_token,
      scope: 'https://management.azure.com/.default openid',
      ...more,
    })
  const other = await refresh({ client_id: 'other' })
  assert.deepEqual([other.status, other.json['error'], other.json['suberror']], [400, 'invalid_grant', 'bad_token'])
  assert.equal((await refresh({ scope: 'https://evil.test/.default' })).json['error'], 'invalid_resource')
  const { status, json } = await refresh()
  assert.equal(status, 200)
  assert.ok(json['id_token'] && json['refresh_token'] && json['refresh_token'] !== refresh_token)
  const caller = await setup.identity.tokens.verify(String(json['access_token']), 'management')
  assert.ok(!isTokenRefusal(caller) && caller.id === setup.id)
  await setup.identity.directory.setPassword(setup.id, new Secret('another long password'))
  const ended = await refresh({ refresh_token: json['refresh_token'] as string })
  assert.deepEqual([ended.status, ended.json['error_codes']], [400, [50_173]])
})

test('who asks for no refresh token gets none', async (t) => {
  const setup = await setUp(t)
  const { device_code, user_code } = await begin(setup, { scope: 'https://relay.azure.net/.default' })
  const consent = await setup.post('/device', { user_code, action: 'look' })
  assert.match(consent.body, /listen and send through this relay where you may/)
  await allow(setup, user_code)
  const { json } = await poll(setup, device_code)
  assert.deepEqual(
    [json['refresh_token'], json['id_token'], typeof json['access_token']],
    [undefined, undefined, 'string'],
  )
  assert.equal(setup.documents.list('refreshSession').length, 0)
})

test('the older endpoints answer in their form', async (t) => {
  const setup = await setUp(t)
  const resource = 'https://management.core.windows.net/'
  const begun = await setup.post('/adfs/oauth2/devicecode', { client_id: 'x', resource })
  assert.deepEqual([begun.json['interval'], begun.json['verification_url']], ['5', `${testOrigin}/device`])
  await allow(setup, String(begun.json['user_code']))
  const form = { grant_type: 'device_code', client_id: 'x', code: String(begun.json['device_code']), resource }
  const { json } = await setup.post('/adfs/oauth2/token', form)
  assert.deepEqual(
    [json['resource'], json['expires_in'], typeof json['refresh_token'], typeof json['id_token']],
    [resource, '3600', 'string', 'string'],
  )
})

test('what a person denies is told to the program, and so is what has run out', async (t) => {
  const setup = await setUp(t)
  const denied = await begin(setup)
  const page = await setup.post('/device', { user_code: denied.user_code, action: 'deny' })
  assert.match(page.body, /Denied/)
  assert.equal((await poll(setup, denied.device_code)).json['error'], 'authorization_declined')
  const late = await begin(setup)
  t.mock.timers.tick(15 * 60_000)
  assert.equal((await poll(setup, late.device_code)).json['error'], 'expired_token')
  assert.equal((await allow(setup, late.user_code)).status, 400)
})

test('a wrong password, an unknown name and a disabled person are not let in', async (t) => {
  const setup = await setUp(t)
  const { device_code, user_code } = await begin(setup)
  const wrong = await allow(setup, user_code, { password: 'wrong password' })
  const unknown = await allow(setup, user_code, { name: 'nobody' })
  assert.deepEqual([wrong.status, unknown.status], [401, 401])
  assert.equal(wrong.body.replace('Ann@contoso.test', 'nobody'), unknown.body, 'the same page')
  await setup.identity.directory.setEnabled(setup.id, false)
  assert.equal((await allow(setup, user_code)).status, 403)
  assert.equal((await poll(setup, device_code)).json['error'], 'authorization_pending')
})

test('a person who is disabled between page and program gets no token', async (t) => {
  const setup = await setUp(t)
  const { device_code, user_code } = await begin(setup)
  await allow(setup, user_code)
  await setup.identity.directory.setEnabled(setup.id, false)
  assert.equal((await poll(setup, device_code)).json['error'], 'authorization_declined')
})

test('passwords are guessed ten times and no more, codes too, and a right one buys no further guesses', async (t) => {
  const setup = await setUp(t)
  const { user_code } = await begin(setup)
  for (let n = 0; n < 10; n++) assert.equal((await allow(setup, user_code, { password: `wrong ${n}` })).status, 401)
  assert.equal((await allow(setup, user_code)).status, 429)
  assert.equal((await allow(setup, user_code, {}, { address: '198.51.100.1' })).status, 200)
  const mine = await begin(setup, {}, { address: '203.0.113.5' })
  const guesser = { address: '203.0.113.5' }
  const look = (code: string) => setup.post('/device', { user_code: code, action: 'look' }, guesser)
  for (let n = 0; n < 10; n++) {
    assert.equal((await look(mine.user_code)).status, 200)
    assert.equal((await look(`BBBB-BBB${'BCDFGHJKLM'[n]}`)).status, 400)
  }
  assert.equal((await look(mine.user_code)).status, 429)
})

test('a form that another site has sent is refused', async (t) => {
  const setup = await setUp(t)
  const { user_code } = await begin(setup)
  for (const headers of [
    { origin: 'https://evil.test' },
    { origin: 'null' },
    { origin: `${testOrigin}.evil.test` },
    { 'sec-fetch-site': 'cross-site' },
  ]) {
    assert.equal((await allow(setup, user_code, {}, { headers })).status, 403, JSON.stringify(headers))
  }
  assert.equal(
    (await allow(setup, user_code, {}, { headers: { origin: testOrigin, 'sec-fetch-site': 'same-origin' } })).status,
    200,
  )
})

test('nothing that strangers say becomes part of the page', async (t) => {
  const setup = await setUp(t)
  const evil = `"><script>alert(1)</script>'&`
  const get = await setup.get(`/device?user_code=${encodeURIComponent(evil)}`)
  const { user_code } = await begin(setup, { client_id: 'my-program' })
  const retry = await allow(setup, user_code, { name: evil })
  for (const page of [get, retry]) {
    assert.doesNotMatch(page.body, /<script/)
    assert.match(page.body, /&#34;&#62;&#60;script&#62;/)
  }
  const refused = await setup.post('/common/oauth2/v2.0/devicecode', { client_id: evil })
  assert.equal(refused.json['error'], 'invalid_request')
})

test('the page lets nothing in and cannot be framed', async (t) => {
  const setup = await setUp(t)
  const { headers, body } = await setup.get('/device')
  assert.match(
    headers['Content-Security-Policy'] ?? '',
    /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
  )
  assert.equal(headers['X-Frame-Options'], 'DENY')
  assert.equal(headers['Cache-Control'], 'no-store')
  assert.doesNotMatch(body, /<script|https?:\/\/|style="| on\w+=/)
})

test('who signs in, for which program, and what was denied is reported', async (t) => {
  const setup = await setUp(t)
  const first = await begin(setup)
  await allow(setup, first.user_code)
  await poll(setup, first.device_code)
  const second = await begin(setup)
  await setup.post('/device', { user_code: second.user_code, action: 'deny' })
  assert.deepEqual(
    setup.events.map(({ grant: by, name, result, principalId }) => [by, name, result, principalId]),
    [
      ['device_page', 'Ann@contoso.test', 'succeeded', setup.id],
      ['device_code', 'ann@contoso.test', 'succeeded', setup.id],
      ['device_page', 'unknown', 'failed', undefined],
    ],
  )
})

test('a password that is changed before the program asks again ends the sign-in that it began', async (t) => {
  const setup = await setUp(t)
  const { device_code, user_code } = await begin(setup)
  assert.equal((await allow(setup, user_code)).status, 200)
  await setup.identity.directory.setPassword(setup.id, new Secret('another horse battery'))
  const { json } = await poll(setup, device_code)
  assert.equal(json['error'], 'authorization_declined')
  assert.equal('refresh_token' in json, false)
})
