import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type RunningRelay, type StartRelayOptions, startRelay } from '@postern/server'
import { type Answer, answer } from './http-client.ts'

const tokenPath = '/common/oauth2/v2.0/token'
const form = { 'Content-Type': 'application/x-www-form-urlencoded' }

async function start(t: TestContext, options: StartRelayOptions['options'] = {}): Promise<RunningRelay> {
  const relay = await startRelay({ options })
  t.after(() => relay.stop())
  return relay
}

function call(relay: RunningRelay, path: string, options: RequestOptions = {}, body?: string): Promise<Answer> {
  const { hostname, port } = new URL(relay.management)
  const request = httpsRequest({ hostname, port, path, ca: relay.caPem ?? '', agent: false, ...options })
  request.end(body)
  return answer(request)
}

function secretForm({ bootstrapAdmin }: RunningRelay, more: Record<string, string> = {}): string {
  assert.ok(bootstrapAdmin)
  return new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: bootstrapAdmin.clientId,
    client_secret: bootstrapAdmin.clientSecret.reveal(),
    ...more,
  }).toString()
}

async function signIn(relay: RunningRelay, body: string): Promise<{ status: number; token: string }> {
  const { status, body: text } = await call(relay, tokenPath, { method: 'POST', headers: form }, body)
  return { status, token: String((JSON.parse(text.toString()) as Record<string, unknown>)['access_token']) }
}

test('the administrator of a new relay signs in over HTTPS, with a token that names the address of the relay', async (t) => {
  const relay = await start(t)
  const { status, token } = await signIn(relay, secretForm(relay, { scope: `${relay.management}/.default` }))
  assert.equal(status, 200)
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  assert.equal(new URL(String(claims['iss'])).origin, relay.management)
  const caller = await relay.server.identity.tokens.verify(token, 'management')
  assert.ok('name' in caller && caller.name === 'servicePrincipal:admin')
})

test('HEAD is answered like GET without a body, other methods with 405', async (t) => {
  const relay = await start(t)
  const path = '/common/v2.0/.well-known/openid-configuration'
  const { status, headers, body } = await call(relay, path, { method: 'HEAD' })
  assert.deepEqual([status, body.length, headers['x-content-type-options']], [200, 0, 'nosniff'])
  const refused = await call(relay, path, { method: 'DELETE' })
  assert.deepEqual([refused.status, refused.headers.allow], [405, 'HEAD, GET'])
})

test('a form that is too long, announced or not, is refused with 413', async (t) => {
  const relay = await start(t)
  const long = `grant_type=${'x'.repeat(65_536)}`
  const announced = await call(relay, tokenPath, { method: 'POST', headers: form }, long)
  assert.equal(announced.status, 413)
  const { hostname, port } = new URL(relay.management)
  const request = httpsRequest({
    hostname,
    port,
    path: tokenPath,
    ca: relay.caPem ?? '',
    agent: false,
    method: 'POST',
    headers: { ...form, 'Transfer-Encoding': 'chunked' },
  })
  request.write(long)
  assert.equal((await answer(request)).status, 413)
})

test('a form that stops coming is given up with 408', async (t) => {
  const relay = await start(t, { handshakeTimeout: '300ms' })
  const { hostname, port } = new URL(relay.management)
  const request = httpsRequest({
    hostname,
    port,
    path: tokenPath,
    ca: relay.caPem ?? '',
    agent: false,
    method: 'POST',
    headers: { ...form, 'Content-Length': 100 },
  })
  request.write('grant_type=')
  assert.equal((await answer(request)).status, 408)
})

test('a client that waits for 100 Continue is told to go on', async (t) => {
  const relay = await start(t)
  const { hostname, port } = new URL(relay.management)
  const body = secretForm(relay)
  const headers = { ...form, Expect: '100-continue', 'Content-Length': Buffer.byteLength(body) }
  const request = httpsRequest({
    hostname,
    port,
    path: tokenPath,
    ca: relay.caPem ?? '',
    agent: false,
    method: 'POST',
    headers,
  })
  request.once('continue', () => request.end(body))
  request.flushHeaders()
  assert.equal((await answer(request)).status, 200)
})

test('a body of another type is no form', async (t) => {
  const relay = await start(t)
  const headers = { 'Content-Type': 'application/json' }
  const { status, body } = await call(
    relay,
    tokenPath,
    { method: 'POST', headers },
    '{"grant_type":"client_credentials"}',
  )
  assert.equal(status, 400)
  assert.match(body.toString(), /A form is needed/)
})

test('the secret of the administrator is written to the data folder once, for its owner alone', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'postern-admin-'))
  t.after(() => rm(data, { recursive: true }))
  const first = await startRelay({ options: { inMemory: false, data } })
  const file = join(data, 'bootstrap-admin.json')
  const facts = JSON.parse(await readFile(file, 'utf8')) as Record<string, string>
  const access = first.bootstrapAdmin
  await first.stop()
  assert.deepEqual([facts['clientId'], facts['clientSecret']], [access?.clientId, access?.clientSecret.reveal()])
  if (process.platform !== 'win32') assert.equal((await stat(file)).mode & 0o777, 0o600)
  await rm(file)
  const second = await startRelay({ options: { inMemory: false, data } })
  t.after(() => second.stop())
  assert.equal(second.bootstrapAdmin, null)
  const kept = { ...second, bootstrapAdmin: access } as RunningRelay
  assert.equal((await signIn(second, secretForm(kept))).status, 200, 'without the file, by what the store holds')
  await assert.rejects(stat(file), { code: 'ENOENT' })
})

test('a token outlives a restart at the same address', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'postern-admin-'))
  t.after(() => rm(data, { recursive: true }))
  const options = { inMemory: false, data, issuer: 'https://manage.relay.test' }
  const first = await startRelay({ options })
  const { token } = await signIn(first, secretForm(first))
  await first.stop()
  const second = await startRelay({ options })
  t.after(() => second.stop())
  assert.ok('id' in (await second.server.identity.tokens.verify(token, 'management')))
})

test('an issuer that was configured is the audience of its tokens, port mapping or not', async (t) => {
  const relay = await start(t, { issuer: 'https://manage.relay.test:9443/' })
  const { token } = await signIn(relay, secretForm(relay, { scope: 'https://manage.relay.test:9443/.default' }))
  assert.ok('id' in (await relay.server.identity.tokens.verify(token, 'management')))
})

test('the token opens the management API; without it, or with one for the data plane, there is nothing to see', async (t) => {
  const relay = await start(t)
  const path = '/subscriptions?api-version=2019-11-01'
  const { token } = await signIn(relay, secretForm(relay))
  const bearer = (text: string) => ({ headers: { Authorization: `Bearer ${text}` } })
  assert.equal((await call(relay, path, bearer(token))).status, 200)
  assert.equal((await call(relay, path)).status, 401)
  const { token: data } = await signIn(relay, secretForm(relay, { scope: 'https://relay.azure.net/.default' }))
  const refused = await call(relay, path, bearer(data))
  assert.equal(refused.status, 401)
  assert.match(refused.body.toString(), /InvalidAuthenticationToken/)
})

test('sign-ins go to the audit log', async (t) => {
  const relay = await start(t)
  await signIn(relay, secretForm(relay))
  await signIn(relay, secretForm(relay, { client_secret: 'wrong' }))
  const records = await relay.server.audit.query({ limit: 10 })
  const signIns = records.filter(({ record }) => record.kind === 'signIn').map(({ record }) => record)
  assert.deepEqual(
    signIns.map(({ result, action, reason }) => [result, action, reason?.split(' ')[0]]),
    [
      ['failed', 'token', 'client_credentials:'],
      ['succeeded', 'token', 'client_credentials:'],
    ],
  )
  assert.ok(signIns.every(({ principal }) => principal.startsWith(relay.bootstrapAdmin?.clientId ?? '')))
})

test('an external issuer that cannot be reached shows in /readyz, its tokens get 503, and everybody else goes on', async (t) => {
  const relay = await start(t, { oidcIssuers: 'corp=http://127.0.0.1:1/realm,audience=postern' })
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const token = `${part({ alg: 'RS256', kid: 'k' })}.${part({ iss: 'http://127.0.0.1:1/realm' })}.AAAA`
  const bearer = (text: string) => ({ headers: { Authorization: `Bearer ${text}` } })
  const path = '/subscriptions?api-version=2019-11-01'
  assert.equal((await call(relay, path, bearer(token))).status, 503)
  const ready = await call(relay, '/readyz')
  assert.equal(ready.status, 200)
  assert.match(ready.body.toString(), /"oidc corp"/)
  const { token: own } = await signIn(relay, secretForm(relay))
  assert.equal((await call(relay, path, bearer(own))).status, 200)
})
