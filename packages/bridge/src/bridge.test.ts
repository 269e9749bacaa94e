import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Logger } from '@postern/program'
import { StubRelay } from '@postern/testkit'
import { Bridge, type BridgeOptions } from './bridge.ts'

const signal = () => AbortSignal.timeout(10_000)

interface Target extends AsyncDisposable {
  readonly port: number
  readonly sockets: Set<Socket>
}

async function startTarget(onConnection: (socket: Socket) => unknown): Promise<Target> {
  const sockets = new Set<Socket>()
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function recordingLogger(): { logger: Logger; lines: { event: string; message?: string }[] } {
  const lines: { event: string; message?: string }[] = []
  const write = (event: string, fields?: Record<string, unknown>): void => void lines.push({ event, ...fields })
  const logger: Logger = { error: write, warn: write, info: write, debug: write, child: () => logger }
  return { logger, lines }
}

const portOf = (bridge: Bridge): number => {
  const local = bridge.status.find(({ kind }) => kind === 'local')
  return Number(local?.addresses[0]?.split(':').at(-1))
}

/** Opens a TCP connection through the tunnel. */
const dial = (bridge: Bridge): Socket => connect({ port: portOf(bridge), host: '127.0.0.1', allowHalfOpen: true })

async function startTunnel(relay: StubRelay, target: Target, more: Partial<BridgeOptions> = {}): Promise<Bridge> {
  const bridge = new Bridge({
    relay: relay.location,
    localForwards: ['127.0.0.1:0:db'],
    remoteForwards: [`db:127.0.0.1:${target.port}`],
    ...more,
  })
  await bridge.start()
  await bridge.online(signal())
  return bridge
}

const closed = async (socket: Socket): Promise<void> => {
  if (!socket.closed) await once(socket, 'close', { signal: signal() })
}

const variants = [
  { name: 'azbridge', framing: 'azbridge', carriers: 'off' },
  { name: 'raw', framing: 'raw', carriers: 'off' },
  { name: 'carriers', framing: 'azbridge', carriers: 'auto' },
] as const

for (const { name, ...more } of variants) {
  test(`${name}: bytes go both ways and the reply comes after the end of the question`, async () => {
    await using relay = await StubRelay.start()
    await using target = await startTarget(async (socket) => {
      const question = await text(socket)
      socket.end(`reply to ${question}`)
    })
    await using bridge = await startTunnel(relay, target, more)
    const client = dial(bridge)
    client.end('question')
    assert.equal(await text(client), 'reply to question')
    await closed(client)
  })

  test(`${name}: a target that speaks first is heard`, async () => {
    await using relay = await StubRelay.start()
    await using target = await startTarget((socket) => socket.end('220 welcome\r\n'))
    await using bridge = await startTunnel(relay, target, more)
    const client = dial(bridge)
    assert.equal(await text(client), '220 welcome\r\n')
    client.end()
    await closed(client)
  })

  test(`${name}: large transfers in both directions arrive whole`, async () => {
    const up = Buffer.alloc(5_000_000, 'up ')
    const down = Buffer.alloc(4_000_000, 'down ')
    const received = Promise.withResolvers<Buffer>()
    await using relay = await StubRelay.start()
    await using target = await startTarget((socket) => {
      socket.end(down)
      readToEnd(socket).then(received.resolve, received.reject)
    })
    await using bridge = await startTunnel(relay, target, more)
    const client = dial(bridge)
    client.end(up)
    assert.ok((await readToEnd(client)).equals(down))
    assert.ok((await received.promise).equals(up))
  })

  test(`${name}: a client that is cut gives the target a reset, and the other way round`, async () => {
    await using relay = await StubRelay.start()
    const accepted = Promise.withResolvers<Socket>()
    let cutAtOnce = false
    await using target = await startTarget((socket) => {
      if (cutAtOnce) socket.once('data', () => socket.resetAndDestroy())
      else accepted.resolve(socket)
    })
    await using bridge = await startTunnel(relay, target, more)
    const first = dial(bridge)
    first.write('x')
    const far = await accepted.promise
    await once(far, 'data', { signal: signal() })
    const reset = once(far, 'error', { signal: signal() })
    first.resetAndDestroy()
    assert.equal((await reset)[0].code, 'ECONNRESET')

    cutAtOnce = true
    const second = dial(bridge)
    second.write('x')
    const [error] = await once(second.resume(), 'error', { signal: signal() })
    assert.equal(error.code, 'ECONNRESET')
  })
}

/** Unlike node:stream/consumers, which destroys a socket at its end, together with what it has still to send. */
function readToEnd(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.once('end', () => resolve(Buffer.concat(chunks)))
    socket.once('error', reject)
  })
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of buffers that somebody still holds; what only waits to be collected does not count. */
function heldBytes(): number {
  collectGarbage()
  return process.memoryUsage().external
}

test('a client that does not read holds the target back within a bound', async () => {
  await using relay = await StubRelay.start()
  let sent = 0
  await using target = await startTarget((socket) => {
    const chunk = Buffer.alloc(65_536)
    const push = (): void => {
      do sent += chunk.length
      while (socket.write(chunk))
    }
    socket.on('drain', push)
    push()
  })
  await using bridge = await startTunnel(relay, target)
  const client = dial(bridge)
  await once(client, 'connect')
  const before = heldBytes()
  let last = -1
  while (last !== sent) {
    last = sent
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  const grown = heldBytes() - before
  assert.ok(sent > 0 && sent < 64_000_000, `${sent} bytes left the target`)
  assert.ok(grown < 32_000_000, `memory has grown by ${grown} bytes`)
  client.destroy()
})

test('several targets of one relay are told apart by their port names', async () => {
  await using relay = await StubRelay.start()
  await using one = await startTarget((socket) => socket.end('one'))
  await using two = await startTarget((socket) => socket.end('two'))
  await using bridge = new Bridge({
    relay: relay.location,
    localForwards: ['127.0.0.1:0/b:site'],
    remoteForwards: [`site:a/127.0.0.1:${one.port}`, `site:b/127.0.0.1:${two.port}`],
  })
  await bridge.start()
  await bridge.online(signal())
  assert.equal(relay.controlChannels.length, 1)
  const client = dial(bridge)
  assert.equal(await text(client), 'two')
  client.end()
})

test('a port name that the far end lacks is named at both ends, and the client is reset', async () => {
  await using relay = await StubRelay.start()
  await using target = await startTarget((socket) => socket.end())
  const { logger, lines } = recordingLogger()
  await using bridge = new Bridge({
    relay: relay.location,
    localForwards: ['127.0.0.1:0/redis:site'],
    remoteForwards: [`site:sql/127.0.0.1:${target.port}`, 'site:http/127.0.0.1:9'],
    logger,
  })
  await bridge.start()
  await bridge.online(signal())
  const [error] = await once(dial(bridge).resume(), 'error', { signal: signal() })
  assert.equal(error.code, 'ECONNRESET')
  const failures = lines
    .filter(({ event }) => event === 'forwarder.connection-failed')
    .map(({ message }) => message ?? '')
  assert.equal(failures.length, 2)
  for (const message of failures) assert.match(message, /^site: .*"redis" \(there are: "sql", "http"\)/)
})

test('the reason for an unreachable target reaches the sender, and the bridge lives on', async () => {
  await using relay = await StubRelay.start()
  const gone = await startTarget(() => {})
  const { logger, lines } = recordingLogger()
  await using bridge = await startTunnel(relay, gone, { logger })
  await gone[Symbol.asyncDispose]()
  for (const _ of [1, 2]) {
    const [error] = await once(dial(bridge).resume(), 'error', { signal: signal() })
    assert.equal(error.code, 'ECONNRESET')
  }
  const failures = lines
    .filter(({ event }) => event === 'forwarder.connection-failed')
    .map(({ message }) => message ?? '')
  assert.equal(failures.length, 4)
  for (const message of failures)
    assert.match(message, new RegExp(`^db: .*127\\.0\\.0\\.1:${gone.port} cannot be reached: ECONNREFUSED`))
  assert.match(bridge.status[1]?.lastError?.message ?? '', /cannot be reached/)
})

test('an unreachable one of several targets is told to the sender too', async () => {
  await using relay = await StubRelay.start()
  const gone = await startTarget(() => {})
  await gone[Symbol.asyncDispose]()
  const { logger, lines } = recordingLogger()
  await using bridge = new Bridge({
    relay: relay.location,
    localForwards: ['127.0.0.1:0/a:site'],
    remoteForwards: [`site:a/127.0.0.1:${gone.port};b/127.0.0.1:9`],
    logger,
  })
  await bridge.start()
  await bridge.online(signal())
  await once(dial(bridge).resume(), 'error', { signal: signal() })
  const messages = lines
    .filter(({ event }) => event === 'forwarder.connection-failed')
    .map(({ message }) => message ?? '')
  assert.ok(messages.length >= 2)
  for (const message of messages) assert.match(message, /cannot be reached: ECONNREFUSED/)
})

test('a relay without a listener costs the client its connection and nothing else', async () => {
  await using relay = await StubRelay.start()
  const { logger, lines } = recordingLogger()
  await using bridge = new Bridge({ relay: relay.location, localForwards: ['127.0.0.1:0:db'], logger })
  await bridge.start()
  await once(dial(bridge).resume(), 'error', { signal: signal() })
  const failure = lines.find(({ event }) => event === 'forwarder.connection-failed')
  assert.match(failure?.message ?? '', /^db: 404 There are no listeners connected for the endpoint\./)
  assert.equal(bridge.status[0]?.state, 'online')
})

test('a client that leaves while its connection is being made leaves nothing behind', async () => {
  await using relay = await StubRelay.start()
  relay.decide = () => 'hang'
  const { logger, lines } = recordingLogger()
  await using bridge = new Bridge({
    relay: relay.location,
    localForwards: ['127.0.0.1:0:db'],
    logger,
    carriers: 'off',
  })
  await bridge.start()
  const client = dial(bridge)
  const [request] = await once(relay, 'handshake', { signal: signal() })
  const gone = once(request.socket, 'close', { signal: signal() })
  client.resetAndDestroy()
  await gone
  assert.equal(bridge.status[0]?.connections, 0)
  assert.ok(!lines.some(({ event }) => event === 'forwarder.connection-failed'))
})

test('the tunnel works again after the relay has died and come back', async () => {
  const first = await StubRelay.start()
  await using target = await startTarget((socket) => socket.end('here'))
  await using bridge = await startTunnel(first, target)
  const { port } = first
  await first.kill()
  await using relay = await StubRelay.start(port)
  await relay.listener()
  const client = dial(bridge)
  assert.equal(await text(client), 'here')
  client.end()
})

test('open connections may end by themselves when the bridge stops, and are cut after the grace', async () => {
  await using relay = await StubRelay.start()
  await using target = await startTarget((socket) => socket.pipe(socket))
  const bridge = await startTunnel(relay, target)
  const [polite, stubborn] = [dial(bridge), dial(bridge)]
  for (const client of [polite, stubborn]) {
    client.write('x')
    await once(client, 'data', { signal: signal() })
  }
  const cut = once(stubborn, 'error', { signal: signal() })
  const stopping = bridge.stop({ graceMs: 300 })
  polite.end('y')
  assert.equal(await text(polite), 'y')
  await stopping
  assert.equal((await cut)[0].code, 'ECONNRESET')
  assert.deepEqual(
    bridge.status.map(({ state, connections }) => [state, connections]),
    [
      ['stopped', 0],
      ['stopped', 0],
    ],
  )
})

for (const end of ['local', 'remote'] as const) {
  test(`what a closed connection has sent is on its way still: the ${end} end that stops lets it arrive`, async () => {
    const size = 20_000_000
    await using relay = await StubRelay.start()
    const { promise: accepted, resolve: onAccepted } = Promise.withResolvers<Socket>()
    await using target = await startTarget((socket) => onAccepted(socket.pause()))
    await using far = new Bridge({ relay: relay.location, remoteForwards: [`db:127.0.0.1:${target.port}`] })
    await using near = new Bridge({ relay: relay.location, localForwards: ['127.0.0.1:0:db'] })
    for (const bridge of [far, near]) await bridge.start()
    await far.online(signal())
    const client = dial(near).on('error', () => {})
    const served = await Promise.race([
      accepted,
      once(client.pause(), 'error').then(([error]) => Promise.reject(error)),
    ])
    const [sender, reader, stopping] = end === 'local' ? [client, served, near] : [served, client, far]
    let bytes = 0
    reader.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      // Slower than the sender, so that much is on its way when the last byte has been taken of it.
      reader.pause()
      setImmediate(() => reader.resume())
    })
    reader.resume().end()
    const hearing = once(reader, 'end', { signal: signal() })
    sender.resume().end(Buffer.alloc(size))
    await closed(sender)
    const stopped = stopping.stop({ graceMs: 10_000 })
    await hearing
    assert.equal(bytes, size)
    await stopped
  })
}

for (const carriers of ['auto', 'off'] as const) {
  test(`carriers ${carriers}: five hundred connections opened and closed leave no socket behind`, async () => {
    await using relay = await StubRelay.start()
    await using target = await startTarget((socket) => socket.pipe(socket))
    await using bridge = await startTunnel(relay, target, { carriers })
    // The control channel, and the two sockets of a carrier.
    const standing = carriers === 'auto' ? 3 : 1
    for (let round = 0; round < 25; round += 1) {
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          const client = dial(bridge)
          client.end('ping')
          assert.equal(await text(client), 'ping')
          await closed(client)
        }),
      )
    }
    for (let i = 0; i < 200 && (relay.openSockets > standing || target.sockets.size > 0); i += 1)
      await new Promise((resolve) => setImmediate(resolve))
    assert.equal(target.sockets.size, 0)
    assert.equal(relay.openSockets, standing)
    const [remote, local] = bridge.status
    assert.deepEqual([remote?.connectionsTotal, remote?.connections, local?.connections], [500, 0, 0])
    assert.deepEqual([remote?.bytesFromRelay, remote?.bytesToRelay], [2_000, 2_000])
  })
}

test('a port that is taken stops the bridge with its reason', async () => {
  await using relay = await StubRelay.start()
  await using target = await startTarget(() => {})
  const bridge = new Bridge({ relay: relay.location, localForwards: ['127.0.0.1:0:db', `127.0.0.1:${target.port}:db`] })
  await assert.rejects(bridge.start(), {
    code: 'InvalidConfiguration',
    message: `db: cannot listen on 127.0.0.1:${target.port}: another program has this port`,
  })
  assert.deepEqual(
    bridge.status.map(({ state }) => state),
    ['stopped', 'stopped'],
  )
})

test('configurations that cannot work are refused with the reason', () => {
  const bridge = (more: object): Bridge => new Bridge({ relay: { host: 'x' }, ...more })
  assert.throws(() => bridge({}), { code: 'InvalidConfiguration', message: /Nothing to forward/ })
  assert.throws(() => bridge({ remoteForwards: ['s:a/1', 's:a/2'] }), { message: /two targets have the port name "a"/ })
  assert.throws(() => bridge({ remoteForwards: ['s:1;2'], framing: 'raw' }), { message: /only one target/ })
})
