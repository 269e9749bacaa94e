import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mock, test } from 'node:test'
import { StubRelay } from '@postern/testkit'
import { connect } from '../sender/sender.ts'
import type { TokenProvider } from '../tokens/token-provider.ts'
import type { ConnectionRequest } from './connection-request.ts'
import { Listener } from './listener.ts'
import type { ListenerEvents } from './listener-options.ts'
import { RelayPulse } from './relay-pulse.ts'

const signal = () => AbortSignal.timeout(5_000)
const next = async <E extends keyof ListenerEvents>(listener: Listener, event: E): Promise<ListenerEvents[E]> =>
  (await once(listener, event, { signal: signal() })) as ListenerEvents[E]

test('the listen handshake names action, id and token', async () => {
  await using relay = await StubRelay.start()
  const connectionString = `Endpoint=sb://127.0.0.1:${relay.port}/;SharedAccessKeyName=listen;SharedAccessKey=k;EntityPath=db`
  await using listener = new Listener({ connectionString, tls: false })
  await listener.open({ signal: signal() })
  const { request } = await relay.listener()
  assert.equal(request.url, `/$hc/db?sb-hc-action=listen&sb-hc-id=${listener.id}`)
  assert.match(String(request.headers['servicebusauthorization']), /^SharedAccessSignature .*skn=listen$/)
  assert.equal(request.headers['sec-websocket-extensions'], undefined)
})

test('open throws what time does not heal, and the listener is closed then', async () => {
  await using relay = await StubRelay.start()
  relay.decide = () => ({ status: 401, reason: 'The token has an invalid signature. TrackingId:x' })
  const listener = new Listener({ ...relay.location, path: 'db' })
  await assert.rejects(listener.open({ signal: signal() }), { code: 'TokenSignatureInvalid' })
  assert.equal(listener.state, 'closed')
})

test('open goes on trying while the relay cannot be reached, and succeeds once it is there', async () => {
  const first = await StubRelay.start()
  const { port, location } = first
  await first.kill()
  await using listener = new Listener({ ...location, path: 'db', random: () => 0 })
  const opened = listener.open({ signal: signal() })
  const [error] = await next(listener, 'offline')
  assert.equal(error.code, 'ConnectionFailed')
  await using relay = await StubRelay.start(port)
  await opened
  assert.equal(listener.state, 'online')
  assert.equal(relay.controlChannels.length, 1)
})

test('open ends with the reason of its signal', async () => {
  const first = await StubRelay.start()
  const { location } = first
  await first.kill()
  const listener = new Listener({ ...location, path: 'db' })
  const abort = new AbortController()
  const opened = listener.open({ signal: abort.signal })
  await next(listener, 'offline')
  abort.abort(new Error('enough'))
  await assert.rejects(opened, { message: 'enough' })
  assert.equal(listener.state, 'closed')
})

test('a killed relay is found again when it comes back, with all states on the way', async () => {
  const first = await StubRelay.start()
  const { port, location } = first
  await using listener = new Listener({
    ...location,
    path: 'db',
    random: () => 0.1,
    onConnection: async (r) => void (await r.accept()).end(),
  })
  await listener.open({ signal: signal() })
  const lost = next(listener, 'offline')
  await first.kill()
  const [error, retryInMs] = await lost
  assert.equal(error.code, 'ControlChannelLost')
  assert.ok(retryInMs >= 50 && retryInMs <= 500)
  await using relay = await StubRelay.start(port)
  await next(listener, 'online')
  const stream = await connect({ ...relay.location, path: 'db', signal: signal() })
  stream.resume().end()
  await once(stream, 'close', { signal: signal() })
})

test('a relay that accepts and drops at once is met with growing delays', async () => {
  await using relay = await StubRelay.start()
  relay.on('listen', ({ socket }) => socket.close(1011))
  await using listener = new Listener({ ...relay.location, path: 'db', random: () => 0.1 })
  const delays: number[] = []
  listener.on('offline', (_error, retryInMs) => delays.push(Math.round(retryInMs)))
  listener.start()
  while (delays.length < 4) await next(listener, 'offline')
  assert.deepEqual(delays, [50, 100, 200, 400])
})

test('a missing entity is asked for again, slower, and says so', async () => {
  await using relay = await StubRelay.start()
  let isThere = false
  relay.decide = () => (isThere ? undefined : { status: 404, reason: 'Endpoint does not exist. TrackingId:x' })
  await using listener = new Listener({ ...relay.location, path: 'db', random: () => 0 })
  listener.start()
  const [error, retryInMs] = await next(listener, 'offline')
  assert.equal(error.code, 'EndpointNotFound')
  assert.equal(retryInMs, 250)
  isThere = true
  await next(listener, 'online')
})

test('Retry-After is obeyed', async () => {
  await using relay = await StubRelay.start()
  relay.decide = () => ({ status: 503, reason: 'Draining', headers: { 'Retry-After': '7' } })
  await using listener = new Listener({ ...relay.location, path: 'db', random: () => 0 })
  listener.start()
  const [error, retryInMs] = await next(listener, 'offline')
  assert.equal(error.code, 'ServerBusy')
  assert.equal(retryInMs, 7_000)
})

test('a handshake without an answer is given up at its bound', async () => {
  await using relay = await StubRelay.start()
  relay.decide = () => 'hang'
  await using listener = new Listener({ ...relay.location, path: 'db', handshakeTimeoutMs: 50 })
  listener.start()
  const [error] = await next(listener, 'offline')
  assert.equal(error.code, 'ConnectTimeout')
})

test('close says good-bye with 1000 and leaves accepted connections alone', async () => {
  await using relay = await StubRelay.start()
  const listener = new Listener({
    ...relay.location,
    path: 'echo',
    onConnection: async (request) => {
      const stream = await request.accept()
      stream.pipe(stream)
    },
  })
  await listener.open({ signal: signal() })
  const stream = await connect({ ...relay.location, path: 'echo', signal: signal() })
  const { socket } = await relay.listener()
  const goodBye = once(socket, 'close', { signal: signal() })
  await listener.close()
  assert.equal((await goodBye)[0], 1000)
  assert.equal(listener.state, 'closed')
  stream.write('still here')
  assert.equal(String((await once(stream, 'data', { signal: signal() }))[0]), 'still here')
  stream.end()
  await once(stream, 'close', { signal: signal() })
})

test('close during a delay or a handshake ends at once', async () => {
  await using relay = await StubRelay.start()
  relay.decide = () => 'hang'
  const listener = new Listener({ ...relay.location, path: 'db' })
  listener.start()
  await once(relay, 'handshake')
  await listener.close()
  assert.equal(listener.state, 'closed')
})

test('a new token is sent when the old one wants a successor', async () => {
  await using relay = await StubRelay.start()
  let count = 0
  const tokenProvider: TokenProvider = {
    getToken() {
      count += 1
      return Promise.resolve({ text: `token-${count}`, ...(count === 1 && { renewAtMs: Date.now() + 20 }) })
    },
  }
  await using listener = new Listener({ ...relay.location, path: 'db', tokenProvider })
  const said = once(relay, 'message', { signal: signal() })
  await listener.open({ signal: signal() })
  assert.deepEqual(await said, [{ renewToken: { token: 'token-2' } }])
})

test('a provider that fails is asked again after 30 s while the channel lives', async () => {
  await using relay = await StubRelay.start()
  let count = 0
  const tokenProvider: TokenProvider = {
    getToken() {
      count += 1
      if (count === 2) return Promise.reject(new Error('vault is sealed'))
      return Promise.resolve({ text: `token-${count}`, ...(count === 1 && { renewAtMs: Date.now() + 60_000 }) })
    },
  }
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    await using listener = new Listener({ ...relay.location, path: 'db', tokenProvider })
    await listener.open()
    const problem = once(listener, 'problem')
    mock.timers.tick(60_000)
    assert.equal((await problem)[0].cause.message, 'vault is sealed')
    const said = once(relay, 'message')
    mock.timers.tick(30_000)
    assert.deepEqual(await said, [{ renewToken: { token: 'token-3' } }])
  } finally {
    mock.timers.reset()
  }
})

test('a refused token is not taken from the cache again', async () => {
  await using relay = await StubRelay.start()
  const fresh: (boolean | undefined)[] = []
  const tokenProvider: TokenProvider = {
    getToken(request) {
      fresh.push(request.fresh)
      return Promise.resolve({ text: 'token' })
    },
  }
  let refusals = 1
  relay.decide = () => (refusals-- > 0 ? { status: 401, reason: 'The token has an invalid signature' } : undefined)
  await using listener = new Listener({ ...relay.location, path: 'db', tokenProvider, random: () => 0 })
  listener.start()
  await next(listener, 'online')
  assert.deepEqual(fresh, [false, true])
})

test('a relay that is silent for two intervals is given up', async () => {
  await using relay = await StubRelay.start()
  await using listener = new Listener({ ...relay.location, path: 'db', keepAliveIntervalMs: 40 })
  relay.on('listen', ({ request }) => request.socket.pause())
  const lost = next(listener, 'offline')
  listener.start()
  const [error] = await lost
  assert.match(error.message, /silent/)
})

/** Feels a silence within tens of milliseconds. */
const quickPulse = (): RelayPulse => new RelayPulse({ intervalMs: 20, lateMs: 60, tickMs: 10 })

test('a channel on which the relay is late is replaced as soon as another one can be opened', async () => {
  await using relay = await StubRelay.start()
  await using listener = new Listener({ ...relay.location, path: 'db', pulse: quickPulse() })
  await listener.open({ signal: signal() })
  const [first] = relay.controlChannels
  const offline = next(listener, 'offline')
  const online = next(listener, 'online')
  first?.request.socket.pause()
  const [error, retryInMs] = await offline
  assert.match(error.message, /silent/)
  assert.equal(retryInMs, 0)
  await online
  assert.equal(relay.controlChannels.length, 2)
})

test('a late relay that cannot be reached either is given up, and found again later', async () => {
  await using relay = await StubRelay.start()
  const options = { handshakeTimeoutMs: 100, pulse: quickPulse(), random: () => 0 }
  await using listener = new Listener({ ...relay.location, path: 'db', ...options })
  await listener.open({ signal: signal() })
  relay.decide = () => 'hang'
  const offline = next(listener, 'offline')
  relay.controlChannels[0]?.request.socket.pause()
  await offline
  relay.decide = () => undefined
  await next(listener, 'online')
})

test('a relay that is only slow keeps its channel', async () => {
  await using relay = await StubRelay.start()
  await using listener = new Listener({ ...relay.location, path: 'db', pulse: quickPulse() })
  await listener.open({ signal: signal() })
  const [first] = relay.controlChannels
  relay.decide = () => {
    // What it owes arrives while the other channel is being opened.
    first?.request.socket.resume()
    return 'hang'
  }
  const tried = once(relay, 'handshake', { signal: signal() })
  first?.request.socket.pause()
  await tried
  first?.socket.ping()
  await once(first!.socket, 'pong', { signal: signal() })
  assert.equal(listener.state, 'online')
  await listener.close()
  assert.equal(listener.lastError, undefined)
})

test('text that is no message of the protocol is survived', async () => {
  await using relay = await StubRelay.start()
  await using listener = new Listener({ ...relay.location, path: 'db' })
  await listener.open({ signal: signal() })
  const { socket } = await relay.listener()
  for (const text of ['{', '[]', '{"injectFault":{"delay":1}}', '{"accept":{}}', '{"request":{"address":1}}'])
    socket.send(text)
  socket.send(Buffer.from('a body that nobody waits for'))
  socket.ping()
  await once(socket, 'pong', { signal: signal() })
  assert.equal(listener.state, 'online')
})

test('a rendezvous address without TLS on a protected channel is refused', async () => {
  await using relay = await StubRelay.start()
  const problems: Error[] = []
  await using listener = new Listener({
    ...relay.location,
    path: 'db',
    onConnection: async (r) => void (await r.accept()),
  })
  listener.on('problem', (error) => problems.push(error))
  await listener.open({ signal: signal() })
  const { socket } = await relay.listener()
  const accept = {
    address: 'http://127.0.0.1/x',
    id: 'a',
    connectHeaders: {},
    remoteEndpoint: { address: '::1', port: 1 },
  }
  const problem = once(listener, 'problem', { signal: signal() })
  socket.send(JSON.stringify({ accept }))
  await problem
  assert.equal((problems[0] as Error & { code: string }).code, 'ProtocolViolation')
  assert.equal(listener.state, 'online')
})

test('a thousand connections opened and closed leave no socket behind', async () => {
  await using relay = await StubRelay.start()
  await using listener = new Listener({
    ...relay.location,
    path: 'db',
    onConnection: async (request) => {
      const stream = await request.accept()
      stream.resume().end()
    },
  })
  await listener.open({ signal: signal() })
  for (let round = 0; round < 50; round += 1) {
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const stream = await connect({ ...relay.location, path: 'db', signal: signal() })
        stream.resume().end()
        await once(stream, 'close', { signal: signal() })
      }),
    )
  }
  // The last TCP ends are seen by the relay a moment after our streams have closed.
  for (let i = 0; i < 100 && relay.openSockets > 1; i += 1) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(relay.openSockets, 1)
})

test('a declared target is told when it listens, and its changes to a relay of ours', async () => {
  await using relay = await StubRelay.start()
  relay.answer = ['Postern-Relay: 1']
  await using listener = new Listener({ ...relay.location, path: 'db', target: 'up' })
  await listener.open({ signal: signal() })
  const { request } = await relay.listener()
  assert.equal(request.headers['postern-target'], 'up')
  const said = once(relay, 'message', { signal: signal() })
  listener.declareTarget('up')
  listener.declareTarget('down')
  assert.deepEqual(await said, [{ target: { state: 'down' } }])
})

test('another relay is told nothing on the control channel, and what it says of an endpoint is not believed', async () => {
  await using relay = await StubRelay.start()
  const seen: (string | undefined)[] = []
  const onConnection = async (request: ConnectionRequest): Promise<void> => {
    seen.push(request.endpoint)
    await request.reject({ status: 410, description: 'Seen' })
  }
  await using listener = new Listener({ ...relay.location, path: 'db', target: 'up', onConnection, random: () => 0 })
  await listener.open({ signal: signal() })
  listener.declareTarget('down')
  const headers = { 'Postern-Endpoint': 'evil:22' }
  for (const answer of [[], ['Postern-Relay: 1']]) {
    relay.answer = answer
    for (const { socket } of relay.controlChannels) socket.terminate()
    await next(listener, 'online')
    await assert.rejects(connect({ ...relay.location, path: 'db', headers, signal: signal() }), { httpStatus: 410 })
  }
  assert.deepEqual(seen, [undefined, 'evil:22'])
  assert.deepEqual(
    relay.controlChannels.flatMap(({ messages }) => messages),
    [],
  )
  assert.equal(relay.controlChannels.at(-1)?.request.headers['postern-target'], 'down')
})
