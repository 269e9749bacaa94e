import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import type { OidcIssuer } from '../domain/oidc-issuer.ts'
import { tenantId } from '../domain/tenant.ts'
import { Health } from '../telemetry/health.ts'
import { addProgram, openTestIdentity } from './identity-setup.contract.ts'
import { isTokenRefusal } from './token-authority.ts'

/** An OpenID Connect provider on loopback: metadata, keys, and whatever a test makes of them. */
class Provider {
  readonly #server = createServer((request, response) => this.answer(request, response))
  readonly keys: JWK[] = []
  requests = 0
  metadata: Record<string, unknown> | undefined
  answer: (request: IncomingMessage, response: ServerResponse) => void = (request, response) => {
    this.requests += 1
    const isMetadata = request.url === '/.well-known/openid-configuration'
    const body = isMetadata
      ? (this.metadata ?? { issuer: this.issuer, jwks_uri: `${this.issuer}/keys` })
      : { keys: this.keys }
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body))
  }

  static async start(t: TestContext): Promise<Provider> {
    const provider = new Provider()
    await provider.listen(0)
    t.after(() => provider.stop())
    return provider
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  #port = 0

  get port(): number {
    return this.#port
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async addKey(kid: string, alg = 'RS256'): Promise<CryptoKey> {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    this.keys.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' })
    return privateKey
  }
}

async function setUp(t: TestContext, options: Partial<OidcIssuer> = {}) {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const provider = await Provider.start(t)
  const key = await provider.addKey('one')
  const health = new Health()
  const claims = { subject: 'sub', groups: 'groups', name: 'preferred_username' }
  const oidcIssuers = [{ name: 'corp', issuer: provider.issuer, audiences: ['postern'], claims, ...options }]
  const setup = await openTestIdentity(t, { oidcIssuers, health })
  const { tokens } = setup.identity
  const sign = (
    changes: JWTPayload = {},
    header: Record<string, unknown> = {},
    signer: CryptoKey | Uint8Array = key,
  ) => {
    const nowS = Math.floor(Date.now() / 1000)
    const standard = { iss: provider.issuer, aud: 'postern', sub: 'alice', iat: nowS, exp: nowS + 600 }
    return new SignJWT({ ...standard, ...changes })
      .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
      .sign(signer)
  }
  const outcome = async (token: string, plane: 'management' | 'data' = 'management'): Promise<string> => {
    const result = await tokens.verify(token, plane)
    return isTokenRefusal(result) ? result.code : result.id
  }
  return { ...setup, provider, key, health, tokens, sign, outcome }
}

test('principal, groups and name come from the claims that were configured', async (t) => {
  const { tokens, sign } = await setUp(t)
  const exp = Math.floor(Date.now() / 1000) + 60
  const token = await sign({ exp, groups: ['admins', 'x y'], preferred_username: 'alice@corp.test', azp: 'cli' })
  assert.deepEqual(await tokens.verify(token, 'management'), {
    id: 'corp:alice',
    principalIds: ['corp:alice', 'corp:admins', 'corp:x y'],
    name: 'corp:alice@corp.test',
    kind: 'external',
    clientId: 'cli',
    expiresAtMs: exp * 1000,
  })
})

test('other claims may be chosen; what is no name is left out or refused', async (t) => {
  const claims = { subject: 'oid', groups: 'roles', name: 'upn' }
  const { tokens, sign, outcome } = await setUp(t, { claims })
  const caller = await tokens.verify(await sign({ oid: 'o1', roles: 'only', upn: 'a\nb' }), 'management')
  assert.ok(!isTokenRefusal(caller))
  assert.deepEqual([caller.id, caller.principalIds, caller.name], ['corp:o1', ['corp:o1', 'corp:only'], 'corp:o1'])
  const odd = await tokens.verify(
    await sign({ oid: 'o1', roles: ['a', 7, null, '', 'x'.repeat(300), 'b\n'] }),
    'management',
  )
  assert.deepEqual(!isTokenRefusal(odd) && odd.principalIds, ['corp:o1', 'corp:a'])
  for (const oid of [undefined, '', 7, ['x'], 'a\u0000b', 'x'.repeat(300), ' x']) {
    assert.equal(await outcome(await sign({ oid })), 'TokenPrincipalInvalid', String(oid))
  }
})

test('an audience of our own names one plane, any other word both', async (t) => {
  const { sign, outcome } = await setUp(t, { audiences: ['postern', 'https://relay.azure.net'] })
  for (const plane of ['management', 'data'] as const) assert.equal(await outcome(await sign(), plane), 'corp:alice')
  const data = await sign({ aud: 'https://relay.azure.net' })
  assert.deepEqual([await outcome(data, 'data'), await outcome(data)], ['corp:alice', 'TokenAudienceInvalid'])
  for (const aud of ['other', 'POSTERN', '', undefined, ['other']]) {
    assert.equal(await outcome(await sign({ aud } as JWTPayload)), 'TokenAudienceInvalid', String(aud))
  }
  assert.equal(await outcome(await sign({ aud: ['other', 'postern'] })), 'corp:alice')
})

test('a token is refused whose algorithm, key, signature, issuer or time is wrong', async (t) => {
  const { provider, sign, outcome, identity } = await setUp(t)
  const nowS = Math.floor(Date.now() / 1000)
  const spki = Buffer.from(await exportSPKI((await generateKeyPair('RS256', { extractable: true })).publicKey))
  const stranger = (await generateKeyPair('RS256')).privateKey
  const ecKey = await provider.addKey('ec', 'ES256')
  for (const [what, token, code] of [
    ['HS256', await sign({}, { alg: 'HS256' }, spki), 'TokenMalformed'],
    [
      'none',
      `${Buffer.from('{"alg":"none","kid":"one"}').toString('base64url')}.${(await sign()).split('.')[1]}.`,
      'TokenMalformed',
    ],
    ['no key id', await sign({}, { kid: undefined }), 'TokenMalformed'],
    ['an unknown key', await sign({}, { kid: 'two' }), 'TokenSignatureInvalid'],
    ['a key of the built-in issuer', await sign({}, { kid: identity.keys.current.id }), 'TokenSignatureInvalid'],
    ['the key of a stranger', await sign({}, {}, stranger), 'TokenSignatureInvalid'],
    ['a key of another kind', await sign({}, { alg: 'ES256' }, ecKey), 'TokenSignatureInvalid'],
    ['expired', await sign({ exp: nowS }), 'TokenExpired'],
    ['not yet valid', await sign({ nbf: nowS + 90 }), 'TokenNotYetValid'],
    ['endless', await sign({ exp: undefined } as unknown as JWTPayload), 'TokenMalformed'],
    ['another issuer', await sign({ iss: `${provider.issuer}/` }), 'TokenIssuerUnknown'],
  ] as const) {
    assert.equal(await outcome(token), code, what)
  }
})

test('a token of the built-in issuer is not accepted under the key of an external one, nor the other way round', async (t) => {
  const setup = await setUp(t)
  const { id } = await addProgram(setup)
  const { keys } = setup.identity
  const iss = `${setup.origin}/${tenantId}/v2.0`
  const claims = { iss, oid: id, sub: id, aud: setup.origin }
  assert.equal(await setup.outcome(await setup.sign(claims)), 'TokenMalformed', 'RS256 is not its algorithm')
  assert.equal(await setup.outcome(await setup.sign(claims, { kid: keys.current.id })), 'TokenMalformed')
  const ours = await setup.sign({}, { alg: 'ES256', kid: keys.current.id }, keys.current.privateKey)
  assert.equal(await setup.outcome(ours), 'TokenSignatureInvalid')
})

test('a new key is found at its first token; made-up key ids cause one fetch in half a minute', async (t) => {
  const { provider, sign, outcome } = await setUp(t)
  assert.equal(await outcome(await sign()), 'corp:alice')
  const before = provider.requests
  t.mock.timers.tick(30_000)
  const next = await provider.addKey('two')
  assert.equal(await outcome(await sign({}, { kid: 'two' }, next)), 'corp:alice')
  assert.equal(provider.requests, before + 2)
  for (let n = 0; n < 50; n++)
    assert.equal(await outcome(await sign({}, { kid: `made up ${n}` })), 'TokenSignatureInvalid')
  assert.equal(provider.requests, before + 2)
})

test('a key that the issuer has withdrawn counts no more, for remembered tokens neither', async (t) => {
  const { provider, sign, outcome } = await setUp(t)
  const token = await sign({ exp: Math.floor(Date.now() / 1000) + 7200 })
  assert.equal(await outcome(token), 'corp:alice')
  provider.keys.length = 0
  await provider.addKey('two')
  t.mock.timers.tick(600_000)
  // Somebody shows a token of the new key.
  await outcome(await sign({}, { kid: 'two' }))
  assert.equal(await outcome(token), 'TokenSignatureInvalid')
})

test('while the issuer is away its last keys count, new ones are answered with 503, and /readyz says so', async (t) => {
  const { provider, health, sign, outcome, identity } = await setUp(t)
  assert.equal(await outcome(await sign()), 'corp:alice')
  const { port } = provider
  await provider.stop()
  t.mock.timers.tick(30_000)
  assert.equal(await outcome(await sign({}, { kid: 'two' })), 'IssuerUnavailable')
  assert.match(
    health.reasons.find(({ part }) => part === 'oidc corp')?.message ?? '',
    /cannot be fetched.*ECONNREFUSED/,
  )
  assert.equal(await outcome(await sign({ sub: 'bob' })), 'corp:bob', 'by the key of before')
  assert.ok(identity.keys.current, 'the built-in issuer goes on')
  t.mock.timers.tick(86_400_000)
  assert.equal(await outcome(await sign()), 'IssuerUnavailable')
  await provider.listen(port)
  t.mock.timers.tick(30_000)
  assert.equal(await outcome(await sign({}, { kid: 'two' })), 'TokenSignatureInvalid', 'it is back')
  assert.equal(await outcome(await sign()), 'corp:alice')
  assert.deepEqual(health.reasons, [])
})

test('metadata of another issuer, keys without TLS elsewhere, redirections and endless bodies are not followed', async (t) => {
  const { provider, health, sign, outcome } = await setUp(t)
  await outcome(await sign())
  const fetched = provider.answer.bind(provider)
  const problemOf = async (change: () => void): Promise<string> => {
    provider.answer = fetched
    provider.metadata = undefined
    change()
    t.mock.timers.tick(30_000)
    assert.equal(await outcome(await sign({}, { kid: 'unknown' })), 'IssuerUnavailable')
    return health.reasons.find(({ part }) => part === 'oidc corp')?.message ?? ''
  }
  const metadata = (changes: Record<string, unknown>) => () => {
    provider.metadata = { issuer: provider.issuer, jwks_uri: `${provider.issuer}/keys`, ...changes }
  }
  assert.match(await problemOf(metadata({ issuer: `${provider.issuer}/` })), /another issuer/)
  assert.match(await problemOf(metadata({ jwks_uri: 'http://keys.test/' })), /no https address/)
  assert.match(await problemOf(metadata({ jwks_uri: 'file:///etc/passwd' })), /no https address/)
  assert.match(await problemOf(metadata({ jwks_uri: 7 })), /no https address/)
  const answering = (status: number, headers: Record<string, string>, body: string) => () => {
    provider.answer = (_request, response) => response.writeHead(status, headers).end(body)
  }
  assert.match(await problemOf(answering(302, { Location: 'http://127.0.0.1:1/' }, '')), /redirect/)
  assert.match(await problemOf(answering(500, {}, '')), /answers 500/)
  assert.match(await problemOf(answering(200, {}, 'x'.repeat(300_000))), /more than 262144 bytes/)
  assert.match(await problemOf(answering(200, {}, '{')), /JSON/)
  assert.match(await problemOf(answering(200, {}, 'null')), /another issuer/)
})
