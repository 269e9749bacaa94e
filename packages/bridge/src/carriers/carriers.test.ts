import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { FarEnd } from '@postern/carrier'
import { Listener } from '@postern/client'
import type { Logger } from '@postern/program'
import { StubRelay, startTestRelay, type TestRelay } from '@postern/testkit'
import { Bridge, type BridgeOptions } from '../bridge.ts'
import { connectThrough } from '../connect-through.ts'
import { RelayWays } from './relay-ways.ts'

const signal = (): AbortSignal => AbortSignal.timeout(15_000)

interface Service extends AsyncDisposable {
  readonly port: number
}

/** A TCP service on a free port of 127.0.0.1. */
async function serve(onSocket: (socket: Socket) => unknown, port = 0): Promise<Service> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    onSocket(socket)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      if (server.listening) await once(server, 'close')
    },
  }
}

const echo = (): Promise<Service> => serve((socket) => socket.pipe(socket))
const says = (words: string): Promise<Service> => serve((socket) => socket.end(words))

async function startBridge(relay: TestRelay | StubRelay, options: Omit<BridgeOptions, 'relay'>): Promise<Bridge> {
  const bridge = new Bridge({ relay: placeOf(relay, options.localForwards ? 'send' : 'listen'), ...options })
  await bridge.start()
  await bridge.online(signal())
  return bridge
}

function placeOf(relay: TestRelay | StubRelay, right: 'listen' | 'send'): BridgeOptions['relay'] {
  if (relay instanceof StubRelay) return relay.location
  return { connectionString: relay.access()[right].replace(/;EntityPath=.*/, ''), tls: relay.tls }
}

function dial(bridge: Bridge, index = 0): Socket {
  const port = Number(/(\d+)$/.exec(bridge.status[0]?.addresses[index] ?? '')?.[1])
  return connect({ port, host: '127.0.0.1', allowHalfOpen: true })
}

/** What a connection through a forwarder says, or the code of its error. */
async function ask(bridge: Bridge, index = 0): Promise<string> {
  const client = dial(bridge, index)
  try {
    return await text(client)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  } finally {
    client.destroy()
  }
}

function record(): { readonly logger: Logger; readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = []
  const write = (event: string, fields?: Record<string, unknown>): void => void lines.push({ event, ...fields })
  const logger: Logger = { error: write, warn: write, info: write, debug: write, child: () => logger }
  return { logger, lines }
}

test('many connections share one relayed connection, and the far end logs who asks', async () => {
  await using relay = await StubRelay.start()
  await using service = await echo()
  const { logger, lines } = record()
  await using remote = await startBridge(relay, { remoteForwards: [`db:127.0.0.1:${service.port}`], logger })
  await using local = await startBridge(relay, { localForwards: ['127.0.0.1:0:db'] })
  const clients = Array.from({ length: 40 }, () => dial(local))
  for (const client of clients) {
    client.write('x')
    await once(client, 'data', { signal: signal() })
  }
  assert.deepEqual([relay.openSockets, local.status[0]?.carriers, remote.status[0]?.carriers], [3, 1, 1])
  assert.deepEqual([local.status[0]?.connections, remote.status[0]?.connections], [40, 40])
  const opened = lines.filter(({ event }) => event === 'forwarder.connection-opened')
  assert.equal(new Set(opened.map(({ trackingId }) => trackingId)).size, 40)
  assert.ok(opened.some(({ client }) => client === `127.0.0.1:${clients[0]?.localPort}`))
  for (const client of clients) client.destroy()
})

test("a client that leaves before the far end has answered is nobody's failure, and the next one need not wait", async () => {
  await using relay = await StubRelay.start()
  await using service = await echo()
  const { logger, lines } = record()
  await using _ = await startBridge(relay, { remoteForwards: [`db:127.0.0.1:${service.port}`] })
  await using local = await startBridge(relay, { localForwards: ['127.0.0.1:0:db'], logger })
  const first = dial(local)
  first.write('x')
  await once(first, 'data', { signal: signal() })
  for (let i = 0; i < 30; i += 1) {
    const hasty = dial(local)
    await once(hasty, 'connect', { signal: signal() })
    hasty.resetAndDestroy()
  }
  const last = dial(local)
  last.write('y')
  await once(last, 'data', { signal: signal() })
  assert.deepEqual(
    lines.filter(({ event }) => event === 'forwarder.connection-failed'),
    [],
  )
  assert.equal(local.status[0]?.lastError, undefined)
  for (const client of [first, last]) client.destroy()
})

test('a listener that does not carry gets what it always got, and is asked only once', async () => {
  await using relay = await StubRelay.start()
  await using service = await says('plain')
  const offered: (string | undefined)[] = []
  relay.on('handshake', (request) => {
    if (request.url?.includes('sb-hc-action=connect')) offered.push(request.headers['sec-websocket-protocol'])
  })
  await using _ = await startBridge(relay, { remoteForwards: [`db:127.0.0.1:${service.port}`], carriers: 'off' })
  await using local = await startBridge(relay, { localForwards: ['127.0.0.1:0:db'] })
  assert.deepEqual(await Promise.all([ask(local), ask(local), ask(local)]), ['plain', 'plain', 'plain'])
  assert.equal(await ask(local), 'plain')
  assert.deepEqual(offered, ['postern.plain, postern.carrier.v1', undefined, undefined, undefined])
  assert.equal(local.status[0]?.carriers, 0)
})

test('a sender without carriers is served beside one that has them', async () => {
  await using relay = await StubRelay.start()
  await using service = await says('here')
  await using _ = await startBridge(relay, { remoteForwards: [`db:127.0.0.1:${service.port}`] })
  await using one = await startBridge(relay, { localForwards: ['127.0.0.1:0:db'], carriers: 'off' })
  await using two = await startBridge(relay, { localForwards: ['127.0.0.1:0:db'] })
  assert.deepEqual([await ask(one), await ask(two)], ['here', 'here'])
  assert.deepEqual([one.status[0]?.carriers, two.status[0]?.carriers], [undefined, 1])
})

test('of several listeners the one that has the port name is found, by streams too', async () => {
  await using relay = await startTestRelay()
  await using sql = await says('sql')
  await using web = await says('web')
  await using one = await startBridge(relay, { remoteForwards: [`echo:sql/127.0.0.1:${sql.port}`] })
  await using two = await startBridge(relay, { remoteForwards: [`echo:web/127.0.0.1:${web.port}`] })
  await using local = await startBridge(relay, {
    localForwards: ['127.0.0.1:0/sql;127.0.0.1:0/web;127.0.0.1:0/x:echo'],
  })
  for (let round = 0; round < 4; round += 1)
    assert.deepEqual([await ask(local, 0), await ask(local, 1)], ['sql', 'web'])
  assert.deepEqual([one.status[0]?.carriers, two.status[0]?.carriers], [1, 1])
  assert.equal(await ask(local, 2), 'ECONNRESET')
  assert.match(local.status[0]?.lastError?.message ?? '', /has no port name "x" \(there are: "(?:sql|web)"\)/)
})

test('a target that died at one listener is reached at another', async () => {
  await using relay = await startTestRelay()
  const first = await says('first')
  await using second = await says('second')
  await using _ = await startBridge(relay, { remoteForwards: [`echo:127.0.0.1:${first.port}`] })
  await using local = await startBridge(relay, { localForwards: ['127.0.0.1:0:echo'] })
  assert.equal(await ask(local), 'first')
  await using other = await startBridge(relay, { remoteForwards: [`echo:127.0.0.1:${second.port}`] })
  await first[Symbol.asyncDispose]()
  // The one that trusted in yesterday's target hears it, the next ones are led elsewhere.
  assert.equal(await ask(local), 'ECONNRESET')
  assert.match(local.status[0]?.lastError?.message ?? '', /cannot be reached: ECONNREFUSED/)
  assert.deepEqual([await ask(local), await ask(local)], ['second', 'second'])
  assert.equal(other.status[0]?.carriers, 1)
})

test('without carriers too, a target that is down at one listener is reached at another', async () => {
  await using relay = await StubRelay.start()
  const down = await says('never')
  await down[Symbol.asyncDispose]()
  await using service = await says('second')
  await using _ = await startBridge(relay, { remoteForwards: [`db:127.0.0.1:${service.port}`], carriers: 'off' })
  // The stub asks the newest first.
  await using other = await startBridge(relay, { remoteForwards: [`db:127.0.0.1:${down.port}`], carriers: 'off' })
  for (const carriers of ['off', 'auto'] as const) {
    await using local = await startBridge(relay, { localForwards: ['127.0.0.1:0:db'], carriers })
    assert.deepEqual([await ask(local), await ask(local)], ['second', 'second'], carriers)
  }
  assert.equal(other.status[0]?.connectionsTotal, 0)
})

test('without carriers too, a target that is down everywhere is named, and nobody is asked in vain again and again', async () => {
  await using relay = await StubRelay.start()
  const down = await says('never')
  await down[Symbol.asyncDispose]()
  let asked = 0
  relay.on('handshake', (request) => (asked += request.url?.includes('sb-hc-action=connect') ? 1 : 0))
  await using _ = await startBridge(relay, { remoteForwards: [`db:127.0.0.1:${down.port}`], carriers: 'off' })
  await using local = await startBridge(relay, { localForwards: ['127.0.0.1:0:db'], carriers: 'off' })
  for (let i = 0; i < 4; i += 1) assert.equal(await ask(local), 'ECONNRESET')
  assert.match(local.status[0]?.lastError?.message ?? '', /cannot be reached: ECONNREFUSED/)
  assert.equal(asked, 5)
})

test('each stream is checked: what the allow-list does not name is refused, however it is asked for', async () => {
  await using relay = await startTestRelay()
  await using service = await says('allowed')
  await using secret = await says('secret')
  await using _ = await startBridge(relay, {
    remoteForwards: ['echo:127.0.0.1:*', `echo:other/127.0.0.1:${service.port}`],
    allowedTargets: [`127.0.0.1:${service.port}`],
  })
  using ways = new RelayWays()
  const farEnd = new FarEnd({ ...ways.to({ ...placeOf(relay, 'send'), path: 'echo' }), framing: 'raw' })
  for (const target of [`127.0.0.1:${service.port}`, String(service.port), 'other']) {
    const stream = await connectThrough(farEnd, { target, signal: signal() })
    assert.equal(await text(stream), 'allowed')
    stream.end()
  }
  const forbidden = [
    `127.0.0.1:${secret.port}`,
    String(secret.port),
    `localhost:${service.port}`,
    `[::1]:${service.port}`,
    `127.0.0.1:${service.port}/`,
    `127.0.0.1:0${service.port}x`,
    '127.0.0.1:*',
    '/run/docker.sock',
    '*',
    '',
  ]
  for (const target of forbidden) {
    await assert.rejects(
      connectThrough(farEnd, { target, signal: signal() }),
      (error: Error) => /not in the allow-list|has no port name/.test(error.message),
      target,
    )
  }
})

test('a stream of Node half-closes, tells its end from a cut, and copies what it is given', async () => {
  await using relay = await StubRelay.start()
  await using service = await serve((socket) => {
    text(socket).then(
      (question) => socket.end(`got ${question}`),
      () => {},
    )
  })
  const { port } = service
  await using _ = await startBridge(relay, { remoteForwards: [`db:127.0.0.1:${port}`], framing: 'raw' })
  using ways = new RelayWays()
  const farEnd = new FarEnd({
    ...ways.to({ ...relay.location, path: 'db' }),
    framing: 'raw',
    target: `127.0.0.1:${port}`,
  })
  const stream = await connectThrough(farEnd, { client: 'test', signal: signal() })
  const question = Buffer.alloc(5_000, 'a')
  stream.write(question)
  question.fill('b')
  stream.end()
  assert.ok((await text(stream)) === `got ${'a'.repeat(5_000)}`)
  const cut = await connectThrough(farEnd, { signal: signal() })
  ways[Symbol.dispose]()
  await assert.rejects(text(cut), { code: 'ConnectionFailed' })
  await assert.rejects(
    connectThrough(farEnd, { target: 'nowhere:1', signal: AbortSignal.abort(new Error('gone')) }),
    /gone/,
  )
})

test('the same credential shares carriers, another one never does', async () => {
  await using relay = await startTestRelay({
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [
            { name: 'one', rights: ['Listen', 'Send'] },
            { name: 'two', rights: ['Send'] },
          ],
          hybridConnections: [{ name: 'echo' }],
        },
      ],
    },
  })
  using ways = new RelayWays()
  const { listen } = relay.access()
  const way = (connectionString: string) => ways.to({ connectionString, tls: relay.tls })
  assert.equal(way(listen), way(listen))
  assert.notEqual(way(listen), way(listen.replace('KeyName=one', 'KeyName=two')))
  assert.notEqual(way(listen), way(listen.replace('EntityPath=echo', 'EntityPath=other')))
  await using service = await says('here')
  await using _ = await startBridge(relay, { remoteForwards: [`echo:127.0.0.1:${service.port}`] })
  const forward = { relayName: 'echo', bindings: [{ protocol: 'tcp', port: 0, portName: '0' } as const] }
  await using local = await startBridge(relay, { localForwards: [forward, forward] })
  assert.equal(await ask(local), 'here')
  const [first, second] = local.status
  assert.deepEqual([first?.carriers, second?.carriers], [1, 1])
})

test('streams go on when the relay dies and comes back, not a byte is lost', async () => {
  const bytes = Buffer.alloc(6_000_000, 'all bytes in their order ')
  const first = await StubRelay.start()
  const received = Promise.withResolvers<Buffer>()
  await using service = await serve((socket) => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.once('end', () => {
      received.resolve(Buffer.concat(chunks))
      socket.end('thanks')
    })
  })
  await using _ = await startBridge(first, { remoteForwards: [`db:127.0.0.1:${service.port}`] })
  await using local = await startBridge(first, { localForwards: ['127.0.0.1:0:db'] })
  const client = dial(local)
  client.write(bytes.subarray(0, 3_000_000))
  while ((local.status[0]?.bytesToRelay ?? 0) < 1_000_000) await new Promise((resolve) => setImmediate(resolve))
  const { port } = first
  await first.kill()
  await using second = await StubRelay.start(port)
  client.end(bytes.subarray(3_000_000))
  assert.equal(await text(client), 'thanks')
  assert.ok((await received.promise).equals(bytes))
  assert.equal(second.controlChannels.length, 1)
})

test('a bridge that ended is missed within two seconds, and the one that follows it is found at once', async () => {
  await using relay = await startTestRelay()
  await using service = await says('here')
  const forward = { remoteForwards: [`echo:127.0.0.1:${service.port}`] }
  await using local = await startBridge(relay, { localForwards: ['127.0.0.1:0:echo'] })
  for (const _ of [1, 2]) {
    const remote = await startBridge(relay, forward)
    assert.equal(await ask(local), 'here')
    await remote.stop({ graceMs: 0 })
    const startedAt = performance.now()
    // The first may have been on its way when the carrier was lost.
    assert.deepEqual([await ask(local), await ask(local)], ['ECONNRESET', 'ECONNRESET'])
    assert.match(local.status[0]?.lastError?.message ?? '', /^echo: 404 There are no listeners connected/)
    assert.ok(performance.now() - startedAt < 2_000)
  }
  await using _ = await startBridge(relay, forward)
  assert.equal(await ask(local), 'here')
})

test('a listener that is not ours and answers the carrier protocol gets nowhere', async () => {
  await using relay = await StubRelay.start()
  await using listener = new Listener({
    ...relay.location,
    path: 'db',
    onConnection: async (request) => {
      const connection = await request.acceptRaw({ protocol: 'postern.carrier.v1' })
      connection.open({ onData: () => {}, onEof: () => connection.end(), onDrain: () => {}, onClosed: () => {} })
      // An OPEN towards the sender's network, behind a hello.
      const hello = '01000017 00000000 0101 0003 00000400 00010000 0000ea60 000000000001 00'
      const open = `10000026 00000001 00000000 ${'00'.repeat(16)} 000000000000 000000010000 00 0003 613a31`
      connection.send(Buffer.from((hello + open).replaceAll(' ', ''), 'hex'))
    },
  })
  await listener.open({ signal: signal() })
  using ways = new RelayWays()
  const farEnd = new FarEnd({ ...ways.to({ ...relay.location, path: 'db' }), framing: 'raw' })
  await assert.rejects(connectThrough(farEnd, { signal: AbortSignal.timeout(1_500) }), { name: 'TimeoutError' })
})
