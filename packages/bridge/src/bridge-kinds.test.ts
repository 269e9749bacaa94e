import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { StubRelay, startTestRelay, type TestRelay } from '@postern/testkit'
import { Bridge, type BridgeOptions } from './bridge.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-bridge-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

type Forwards = Omit<BridgeOptions, 'relay'>

async function startBridge(relay: TestRelay, forwards: Forwards): Promise<Bridge> {
  const isSender = forwards.localForwards !== undefined
  const { listen, send } = relay.access()
  const bridge = new Bridge({ relay: { connectionString: isSender ? send : listen, tls: relay.tls }, ...forwards })
  await bridge.start()
  await bridge.online(signal())
  return bridge
}

const addressesOf = (bridge: Bridge): readonly string[] => bridge.status[0]?.addresses ?? []
const portAt = (bridge: Bridge, index = 0): number => Number(/(\d+)U?$/.exec(addressesOf(bridge)[index] ?? '')?.[1])

/** A TCP server on a path or a free port that says one thing and ends. */
async function serve(says: string, path?: string): Promise<AsyncDisposable & { port: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.on('error', () => {}).end(says))
  if (path === undefined) server.listen(0, '127.0.0.1')
  else server.listen(path)
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

async function openUdp(onMessage: (socket: UdpSocket, datagram: Buffer, port: number) => void = () => {}) {
  const socket = createSocket('udp4')
  socket.on('message', (datagram, from) => onMessage(socket, datagram, from.port))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return Object.assign(socket, {
    port: socket.address().port,
    async [Symbol.asyncDispose]() {
      socket.close()
      await once(socket, 'close')
    },
  })
}

const echoUdp = () => openUdp((socket, datagram, port) => socket.send(datagram, port, '127.0.0.1'))

async function ask(client: UdpSocket, question: Buffer | string, port: number): Promise<Buffer> {
  const answered = once(client, 'message', { signal: signal() })
  client.send(question, port, '127.0.0.1')
  return (await answered)[0]
}

/** Says what a connection through a local port was told. */
async function dial(bridge: Bridge, index = 0): Promise<string> {
  const client = connect(portAt(bridge, index), '127.0.0.1')
  return text(client).catch((error: NodeJS.ErrnoException) => String(error.code))
}

test('Unix sockets lead through at both ends; half-close, and the file is gone afterwards', async () => {
  const [near, far] = [join(folder, 'near.sock'), join(folder, 'far.sock')]
  await using relay = await startTestRelay()
  const service = createServer({ allowHalfOpen: true }, (socket) => {
    text(socket).then(
      (question) => socket.end(`got ${question}`),
      () => socket.destroy(),
    )
  })
  service.listen(far)
  await once(service, 'listening')
  try {
    await using _ = await startBridge(relay, { remoteForwards: [`echo:pg/${far}`] })
    const local = await startBridge(relay, {
      localForwards: [{ relayName: 'echo', bindings: [{ protocol: 'unix', socketPath: near, portName: 'pg' }] }],
    })
    assert.deepEqual(addressesOf(local), [near])
    const client = connect({ path: near, allowHalfOpen: true })
    client.end('question')
    assert.equal(await text(client), 'got question')
    await local.stop({ graceMs: 0 })
    assert.ok(!existsSync(near))
  } finally {
    service.close()
  }
})

test('a single target is found from a socket of any path, and from any port', async () => {
  const [near, target] = [join(folder, 'one-end.sock'), join(folder, 'other-end.sock')]
  await using relay = await startTestRelay()
  await using far = new AsyncDisposableStack()
  far.use(await serve('here', target))
  far.use(await startBridge(relay, { remoteForwards: [`echo:${target}`] }))
  await using local = await startBridge(relay, { localForwards: [`127.0.0.1:0;${near}:echo`] })
  assert.equal(await dial(local), 'here')
  assert.equal(await text(connect(near)), 'here')
})

test('a socket file that a dead program left is replaced, one in use is not', async () => {
  const path = join(folder, 'left.sock')
  await using relay = await startTestRelay()
  const forward = { localForwards: [`${path}:echo`] }
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  assert.throws(() => execFileSync(process.execPath, ['-e', script]))
  assert.ok(existsSync(path))
  await using _ = await startBridge(relay, forward)
  await assert.rejects(startBridge(relay, forward), { message: /another program has this port/ })
})

test('UDP: datagrams of all sizes come back whole, each client has its own session', async () => {
  await using relay = await startTestRelay()
  await using service = await echoUdp()
  await using remote = await startBridge(relay, { remoteForwards: [`echo:dns/127.0.0.1:${service.port}U`] })
  await using local = await startBridge(relay, { localForwards: ['127.0.0.1:0U/dns:echo'] })
  await using one = await openUdp()
  await using two = await openUdp()
  for (const size of [0, 1, 255, 256, 1_500, 65_507]) {
    const question = Buffer.alloc(size, size % 251)
    assert.ok((await ask(one, question, portAt(local))).equals(question), `${size} bytes`)
  }
  assert.equal(String(await ask(two, 'second', portAt(local))), 'second')
  assert.deepEqual([local.status[0]?.connections, remote.status[0]?.connections], [2, 2])
})

test('UDP: a session ends when it is idle, and the next datagram begins another one', async () => {
  await using relay = await startTestRelay()
  await using service = await echoUdp()
  const datagramIdleTimeoutMs = 200
  await using remote = await startBridge(relay, {
    remoteForwards: [`echo:127.0.0.1:${service.port}U`],
    datagramIdleTimeoutMs,
  })
  await using local = await startBridge(relay, { localForwards: ['127.0.0.1:0U:echo'], datagramIdleTimeoutMs })
  await using client = await openUdp()
  await ask(client, 'a', portAt(local))
  while ((local.status[0]?.connections ?? 0) + (remote.status[0]?.connections ?? 0) > 0) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.equal(String(await ask(client, 'b', portAt(local))), 'b')
  assert.equal(local.status[0]?.connectionsTotal, 2)
})

test('UDP asked of a TCP target, and TCP of a UDP target, is refused with the reason at the local end', async () => {
  await using relay = await startTestRelay()
  await using remote = await startBridge(relay, { remoteForwards: ['echo:a/127.0.0.1:9;b/127.0.0.1:9U'] })
  await using local = await startBridge(relay, { localForwards: ['127.0.0.1:0/b;127.0.0.1:0U/a:echo'] })
  assert.equal(await dial(local), 'ECONNRESET')
  assert.match(local.status[0]?.lastError?.message ?? '', /UDP target under th/)
  // What helps is the other protocol, and no policy.
  assert.match(remote.status[0]?.lastError?.message ?? '', /UDP target under the name "b"\. .*protocol: udp/)
  assert.doesNotMatch(remote.status[0]?.lastError?.message ?? '', /hcm policy/)
})

test('a range leads each port to the same port there; what is not in it is refused at the remote end', async () => {
  await using relay = await startTestRelay()
  await using service = await serve('here')
  const { port } = service
  await using remote = await startBridge(relay, { remoteForwards: [`echo:127.0.0.1:${port}-${port}`] })
  await using local = await startBridge(relay, { localForwards: [`127.0.0.1:0/${port};127.0.0.1:0/${port + 1}:echo`] })
  assert.equal(await dial(local), 'here')
  assert.equal(await dial(local, 1), 'ECONNRESET')
  assert.match(remote.status[0]?.lastError?.message ?? '', new RegExp(`no port name "${port + 1}"`))
})

test('all ports means those of the allow-list, whatever the sender insists on', async () => {
  await using relay = await startTestRelay()
  await using service = await serve('here')
  await using secret = await serve('secret')
  await using remote = await startBridge(relay, {
    remoteForwards: ['echo:127.0.0.1:*'],
    allowedTargets: [`127.0.0.1:${service.port}`],
  })
  const forbidden = [
    String(secret.port),
    '22',
    '0',
    '65536',
    `127.0.0.1:${secret.port}`,
    `localhost:${secret.port}`,
    '-1',
    '1e3',
  ]
  const names = [String(service.port), ...forbidden]
  await using local = await startBridge(relay, {
    localForwards: [
      {
        relayName: 'echo',
        bindings: names.map((portName) => ({ protocol: 'tcp' as const, host: '127.0.0.1', port: 0, portName })),
      },
    ],
  })
  assert.equal(await dial(local, 0), 'here')
  for (const [index, name] of forbidden.entries()) assert.equal(await dial(local, index + 1), 'ECONNRESET', name)
  assert.equal(remote.status[0]?.connectionsTotal, 1)
})

test('targets that the allow-list forbids, and all ports without one, are refused at the start', () => {
  const bridge = (more: Forwards): Bridge => new Bridge({ relay: { host: 'x' }, ...more })
  assert.throws(() => bridge({ remoteForwards: ['s:10.0.0.5:*'] }), { message: /needs an allow-list/ })
  assert.throws(() => bridge({ remoteForwards: ['s:10.0.0.5:22'], allowedTargets: ['10.0.0.5:80'] }), {
    message: /10\.0\.0\.5:22 is not in the allow-list/,
  })
  assert.throws(() => bridge({ remoteForwards: ['s:10.0.0.5:1-5'], allowedTargets: ['10.0.0.6:*'] }), {
    message: /no port of/,
  })
  assert.throws(() => bridge({ remoteForwards: ['s:1'], allowedTargets: ['x'] }), { message: /--allow "x": must be/ })
})

test('of several listeners the one that has the port name is found, every time', async () => {
  await using relay = await startTestRelay()
  await using service = await serve('the right one')
  await using bridges = new AsyncDisposableStack()
  const lacking = ['echo:b/127.0.0.1:9;c/127.0.0.1:9']
  bridges.use(await startBridge(relay, { remoteForwards: lacking }))
  bridges.use(await startBridge(relay, { remoteForwards: lacking }))
  bridges.use(await startBridge(relay, { remoteForwards: [`echo:a/127.0.0.1:${service.port};d/127.0.0.1:9`] }))
  await using local = await startBridge(relay, { localForwards: ['127.0.0.1:0/a;127.0.0.1:0/z:echo'] })
  for (let i = 0; i < 20; i += 1) assert.equal(await dial(local), 'the right one')
  assert.equal(await dial(local, 1), 'ECONNRESET')
  assert.match(local.status[0]?.lastError?.message ?? '', /has no port name "z" \(there are: /)
})

test('a local port that cannot be bound is said, and the others go on, where that is wanted', async () => {
  await using relay = await startTestRelay()
  await using taken = await serve('')
  await using service = await serve('here')
  await using _ = await startBridge(relay, { remoteForwards: [`echo:127.0.0.1:${service.port}`] })
  await using local = await startBridge(relay, {
    localForwards: [`127.0.0.1:${taken.port}/1;127.0.0.1:0/2:echo`],
    exitOnForwardFailure: false,
  })
  assert.match(local.status[0]?.lastError?.message ?? '', /another program has this port/)
  assert.equal(await dial(local), 'here')
})

test('connection attempts bridge the time until a listener is there', async () => {
  await using relay = await StubRelay.start()
  await using service = await serve('late')
  await using local = new Bridge({
    relay: relay.location,
    localForwards: ['127.0.0.1:0:echo'],
    connectionAttempts: 3,
  })
  await local.start()
  const refused = once(relay, 'handshake', { signal: signal() })
  const answer = dial(local)
  await refused
  await using remote = new Bridge({ relay: relay.location, remoteForwards: [`echo:127.0.0.1:${service.port}`] })
  await remote.start()
  assert.equal(await answer, 'late')
})

test('gateway ports open ports without an address for other machines, others stay as they are', async () => {
  await using relay = await startTestRelay()
  await using local = await startBridge(relay, { localForwards: ['0/a;127.0.0.1:0/b:echo'], gatewayPorts: true })
  const [open, loopback] = addressesOf(local)
  assert.match(open ?? '', /^(?:\[::\]|0\.0\.0\.0):/)
  assert.match(loopback ?? '', /^127\.0\.0\.1:/)
})

test('connections to targets come from the source address that was given', async () => {
  await using relay = await startTestRelay()
  const server = createServer((socket) => socket.on('error', () => {}).end(String(socket.remoteAddress))).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  try {
    await using _ = await startBridge(relay, {
      remoteForwards: [`echo:127.0.0.1:${port}`],
      sourceAddress: '127.0.0.9',
    })
    await using local = await startBridge(relay, { localForwards: ['127.0.0.1:0:echo'] })
    assert.equal(await dial(local), '127.0.0.9')
  } finally {
    server.close()
  }
})
