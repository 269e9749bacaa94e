import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openStubEndpoint, type StubReply } from '../stub-endpoint.contract.ts'
import { signInWithClientCredentials } from './client-credentials.ts'
import { signInWithDeviceCode } from './device-code.ts'
import { refreshAccessToken } from './refresh-token.ts'
import { keepToken } from './token-keeper.ts'

/** Metadata at the well-known address, then what the test says. */
const issuer =
  (...replies: readonly (StubReply | 'metadata')[]) =>
  (endpoint: string): readonly StubReply[] => {
    const metadata = {
      json: { token_endpoint: `${endpoint}/token`, device_authorization_endpoint: `${endpoint}/devicecode` },
    }
    return replies.map((reply) => (reply === 'metadata' ? metadata : reply))
  }
const metadata = 'metadata'

const token = { json: { access_token: 'a', expires_in: 3600, refresh_token: 'r' } }
const problem = (error: string, status = 400): StubReply => ({ status, json: { error, error_description: error } })
const form = (body: string | undefined): Record<string, string> => Object.fromEntries(new URLSearchParams(body))

describe('client credentials', () => {
  test('a secret, or an assertion for the token endpoint, gives a token for the management plane', async () => {
    await using stub = await openStubEndpoint(issuer(metadata, token, metadata, token))
    const { endpoint } = stub
    const before = Date.now()
    const { accessToken, expiresAtMs } = await signInWithClientCredentials({
      endpoint,
      clientId: 'me',
      clientSecret: 's&=',
    })
    assert.equal(accessToken, 'a')
    assert.ok(expiresAtMs >= before + 3_600_000 && expiresAtMs <= Date.now() + 3_600_000)
    assert.equal(stub.requests[0]?.url, '/common/v2.0/.well-known/openid-configuration')
    assert.deepEqual(form(stub.requests[1]?.body), {
      grant_type: 'client_credentials',
      client_id: 'me',
      client_secret: 's&=',
      scope: 'https://management.azure.com/.default',
    })
    const clientAssertion = (audience: string): string => `signed for ${audience}`
    await signInWithClientCredentials({ endpoint, clientId: 'me', clientAssertion, scope: 'x' })
    assert.equal(form(stub.requests[3]?.body)['client_assertion'], `signed for ${endpoint}/token`)
    assert.equal(form(stub.requests[3]?.body)['scope'], 'x')
  })

  test('a wrong secret is invalid_client; an answer without a token is refused', async () => {
    await using wrong = await openStubEndpoint(issuer(metadata, problem('invalid_client', 401)))
    const options = { clientId: 'me', clientSecret: 'x' }
    await assert.rejects(signInWithClientCredentials({ endpoint: wrong.endpoint, ...options }), {
      code: 'invalid_client',
      status: 401,
    })
    await using empty = await openStubEndpoint(issuer(metadata, { json: { access_token: 'a' } }))
    await assert.rejects(signInWithClientCredentials({ endpoint: empty.endpoint, ...options }), {
      code: 'ReplyInvalid',
    })
    await using bare = await openStubEndpoint([{ json: {} }])
    await assert.rejects(signInWithClientCredentials({ endpoint: bare.endpoint, ...options }), { code: 'ReplyInvalid' })
  })

  test('a token endpoint over plain HTTP elsewhere is refused', async () => {
    await using stub = await openStubEndpoint([{ json: { token_endpoint: 'http://elsewhere.example/token' } }])
    const signIn = signInWithClientCredentials({ endpoint: stub.endpoint, clientId: 'me', clientSecret: 'x' })
    await assert.rejects(signIn, { code: 'InsecureEndpoint' })
  })
})

describe('device code', () => {
  const started = {
    json: { device_code: 'd', user_code: 'ABCD', verification_uri: 'https://h/device', expires_in: 60, interval: 0.01 },
  }

  test('shows the code, waits while the person is busy, and gives a token that can be refreshed', async () => {
    await using stub = await openStubEndpoint(
      issuer(metadata, started, metadata, problem('authorization_pending'), { status: 502 }, token),
    )
    const prompts: unknown[] = []
    const signedIn = await signInWithDeviceCode({
      endpoint: stub.endpoint,
      clientId: 'cli',
      onCode: (prompt) => prompts.push(prompt),
    })
    assert.deepEqual(prompts, [
      {
        userCode: 'ABCD',
        verificationUri: 'https://h/device',
        verificationUriComplete: undefined,
        expiresInSeconds: 60,
      },
    ])
    assert.equal(signedIn.refreshToken, 'r')
    assert.match(form(stub.requests[1]?.body)['scope'] ?? '', /offline_access/)
    assert.deepEqual(form(stub.requests[5]?.body), {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: 'cli',
      device_code: 'd',
    })
  })

  test('a refusal, a code that expired and an abort end it', async () => {
    const run = async (...replies: readonly StubReply[]): Promise<unknown> => {
      await using stub = await openStubEndpoint(issuer(metadata, started, metadata, ...replies))
      return await signInWithDeviceCode({ endpoint: stub.endpoint, clientId: 'cli', onCode: () => {} })
    }
    await assert.rejects(run(problem('access_denied')), { code: 'access_denied' })
    await assert.rejects(run(problem('expired_token')), { code: 'SignInFailed' })

    await using slow = await openStubEndpoint(issuer(metadata, { json: { ...started.json, interval: 60 } }, metadata))
    const stop = new AbortController()
    const signIn = signInWithDeviceCode({
      endpoint: slow.endpoint,
      clientId: 'cli',
      onCode: () => stop.abort(new Error('Ctrl-C')),
      signal: stop.signal,
    })
    await assert.rejects(signIn, { message: 'Ctrl-C' })
  })
})

test('a refresh keeps the old refresh token when no new one comes', async () => {
  const again = { json: { access_token: 'b', expires_in: '3600' } }
  await using stub = await openStubEndpoint(issuer(metadata, again))
  const { accessToken, refreshToken } = await refreshAccessToken({
    endpoint: stub.endpoint,
    clientId: 'cli',
    refreshToken: 'r0',
  })
  assert.deepEqual([accessToken, refreshToken], ['b', 'r0'])
})

test('a kept token is renewed before it ends and when it is refused, once for all who wait', async () => {
  let now = 0
  let made = 0
  const keep = keepToken(
    async () => {
      made += 1
      return { accessToken: `t${made}`, expiresAtMs: now + 3_600_000 }
    },
    { now: () => now },
  )
  assert.deepEqual(await Promise.all([keep(), keep()]), ['t1', 't1'])
  now = 3_400_000
  assert.equal(await keep(), 't1')
  now = 3_500_000
  assert.equal(await keep(), 't2')
  assert.equal(await keep('t2'), 't3')
  // Somebody else was refused with the token before: the new one is good for him too.
  assert.equal(await keep('t2'), 't3')
  assert.equal(made, 3)
})
