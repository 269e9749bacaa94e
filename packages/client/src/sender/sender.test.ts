import assert from 'node:assert/strict'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { StubRelay } from '@postern/testkit'
import { Listener } from '../listener/listener.ts'
import { connect, Sender } from './sender.ts'

const signal = () => AbortSignal.timeout(5_000)

test('a connection carries bytes both ways and ends each direction by itself', async () => {
  await using relay = await StubRelay.start()
  await using listener = new Listener({
    ...relay.location,
    path: 'echo',
    onConnection: async (request) => {
      const stream = await request.accept()
      const received = await text(stream)
      stream.end(`reply after EOF to ${received}`)
    },
  })
  await listener.open({ signal: signal() })
  const stream = await connect({ ...relay.location, path: 'echo', signal: signal() })
  stream.end('question')
  assert.equal(await text(stream), 'reply after EOF to question')
  if (!stream.closed) await once(stream, 'close', { signal: signal() })
})

test('path, query, headers and subprotocol reach the listener', async () => {
  await using relay = await StubRelay.start()
  const seen: unknown[] = []
  await using listener = new Listener({
    ...relay.location,
    path: 'site/db',
    onConnection: async (request) => {
      seen.push(request.url, request.headers['x-tenant'], request.protocols, request.remoteEndpoint.address)
      assert.equal(request.headers['servicebusauthorization'], undefined)
      const stream = await request.accept({ protocol: 'two' })
      stream.end()
    },
  })
  await listener.open({ signal: signal() })
  const stream = await connect({
    ...relay.location,
    path: 'site/db',
    subPath: 'a%20b',
    query: 'x=1',
    headers: { 'X-Tenant': 'blue' },
    protocols: ['one', 'two'],
    signal: signal(),
  })
  assert.deepEqual(seen, ['/site/db/a%20b?x=1', 'blue', ['one', 'two'], '127.0.0.1'])
  assert.equal(stream.protocol, 'two')
  stream.resume().end()
  await once(stream, 'close', { signal: signal() })
})

test('the status and the text of a rejection reach the sender', async () => {
  await using relay = await StubRelay.start()
  await using listener = new Listener({
    ...relay.location,
    path: 'db',
    onConnection: (request) => request.reject({ status: 418, description: 'Go away, please' }),
  })
  await listener.open({ signal: signal() })
  await assert.rejects(connect({ ...relay.location, path: 'db' }), {
    name: 'RelayError',
    code: 'ListenerRejected',
    httpStatus: 418,
    message: 'Go away, please',
  })
})

test('a handler that throws refuses the sender with 502 and leaves the listener online', async () => {
  await using relay = await StubRelay.start()
  const problems: Error[] = []
  await using listener = new Listener({
    ...relay.location,
    path: 'db',
    onConnection: () => {
      throw new Error('no such tenant')
    },
  })
  listener.on('problem', (error) => problems.push(error))
  await listener.open({ signal: signal() })
  await assert.rejects(connect({ ...relay.location, path: 'db' }), {
    httpStatus: 502,
    message: "The listener's handler failed",
  })
  assert.deepEqual(
    problems.map((error) => error.message),
    ['no such tenant'],
  )
  assert.equal(listener.state, 'online')
})

test('a listener without a handler for connections refuses them with 501', async () => {
  await using relay = await StubRelay.start()
  await using listener = new Listener({ ...relay.location, path: 'db' })
  await listener.open({ signal: signal() })
  await assert.rejects(connect({ ...relay.location, path: 'db' }), { httpStatus: 501 })
})

test('no listener gives NoListenersConnected with the tracking id of the relay', async () => {
  await using relay = await StubRelay.start()
  await assert.rejects(
    connect({ ...relay.location, path: 'db' }),
    (error: { code: string; trackingId: string; message: string }) => {
      assert.equal(error.code, 'NoListenersConnected')
      assert.match(error.trackingId, /^[0-9a-f-]{36}_G1$/)
      assert.equal(error.message, 'There are no listeners connected for the endpoint')
      return true
    },
  )
})

for (const [status, reason, code] of [
  [401, 'The token has an invalid signature. TrackingId:1_G0, SystemTracker:sb://x/y', 'TokenSignatureInvalid'],
  [404, 'Endpoint does not exist. TrackingId:1_G0', 'EndpointNotFound'],
  [408, 'None of the connected listeners accepted the connections within the allowed timeout', 'AcceptTimeout'],
  [503, 'whatever', 'ServerBusy'],
  [450, 'Lines are busy', 'ListenerRejected'],
] as const) {
  test(`a refusal with ${status} "${reason.slice(0, 25)}..." is ${code}`, async () => {
    await using relay = await StubRelay.start()
    relay.decide = () => ({ status, reason })
    await assert.rejects(connect({ ...relay.location, path: 'db' }), { code, httpStatus: status })
  })
}

test('a 401 names the difference of the clocks when there is one', async () => {
  await using relay = await StubRelay.start()
  const date = new Date(Date.now() + 10 * 60_000).toUTCString()
  relay.decide = () => ({ status: 401, reason: 'The token is expired', headers: { Date: date } })
  await assert.rejects(connect({ ...relay.location, path: 'db' }), {
    message: /clock of this machine is 10 min behind/,
  })
})

test('nobody at the address gives ConnectionFailed with address and reason', async () => {
  const relay = await StubRelay.start()
  const { location, port } = relay
  await relay.kill()
  await assert.rejects(connect({ ...location, path: 'db' }), {
    code: 'ConnectionFailed',
    message: `Cannot reach 127.0.0.1:${port}: ECONNREFUSED`,
  })
})

test('a relay that does not answer gives ConnectTimeout at the deadline', async () => {
  await using relay = await StubRelay.start()
  relay.decide = () => 'hang'
  await assert.rejects(connect({ ...relay.location, path: 'db', timeoutMs: 50 }), { code: 'ConnectTimeout' })
})

test('an aborted signal ends the attempt with its own reason and leaves no socket', async () => {
  await using relay = await StubRelay.start()
  relay.decide = () => 'hang'
  const abort = new AbortController()
  const attempt = connect({ ...relay.location, path: 'db', signal: abort.signal })
  const [request] = await once(relay, 'handshake', { signal: signal() })
  const closed = once(request.socket, 'close', { signal: signal() })
  abort.abort(new Error('changed my mind'))
  await assert.rejects(attempt, { message: 'changed my mind' })
  await closed
})

test('the token travels in ServiceBusAuthorization and is the same for several connections', async () => {
  await using relay = await StubRelay.start()
  const tokens: (string | undefined)[] = []
  relay.decide = (_action, request) => {
    tokens.push(request.headers['servicebusauthorization'] as string | undefined)
    return { status: 404, reason: '' }
  }
  const key = 'secret'
  const connectionString = `Endpoint=sb://127.0.0.1:${relay.port}/;SharedAccessKeyName=send;SharedAccessKey=${key};EntityPath=db`
  const sender = new Sender({ connectionString, tls: false })
  await assert.rejects(sender.connect())
  await assert.rejects(sender.connect())
  assert.match(tokens[0] ?? '', /^SharedAccessSignature sr=http%3a%2f%2f127\.0\.0\.1%2fdb&sig=.*&se=\d+&skn=send$/i)
  assert.equal(tokens[0], tokens[1])
})

test('a sender without a credential sends no token', async () => {
  await using relay = await StubRelay.start()
  let token: unknown = 'unset'
  relay.decide = (_action, request) => {
    token = request.headers['servicebusauthorization']
    return { status: 404, reason: '' }
  }
  await assert.rejects(connect({ ...relay.location, path: 'db' }))
  assert.equal(token, undefined)
})
