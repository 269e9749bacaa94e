// The public ports of the relay itself: the issue of the data plane, section "Ingress".
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { test } from 'node:test'
import { applyDeclaredResources } from '../../packages/server/src/storage/apply-declared-resources.ts'
import { TcpTarget } from '../system/tcp-target.ts'
import { auditRecords } from './audit-records.ts'
import { portOf, resourcesWith, serveTargets, startIngressRelay } from './ingress-bed.ts'

const signal = (): AbortSignal => AbortSignal.timeout(15_000)

function dial(port: number): Socket {
  return connect({ port, host: '127.0.0.1', allowHalfOpen: true })
}

/** Resolves when a socket is closed, whether by an error or not. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** What a device that sends `question` and ends is told. */
async function ask(port: number, question: string): Promise<string> {
  const socket = dial(port)
  socket.end(question)
  return text(socket)
}

const answering = (words: string) =>
  TcpTarget.start((socket) => {
    text(socket).then(
      (question) => socket.end(`${words} ${question}`),
      () => {},
    )
  })

for (const carriers of ['auto', 'off'] as const) {
  test(`a TCP port leads to the target of a listener, carriers ${carriers}: megabytes both ways, and a record`, async () => {
    await using echo = await TcpTarget.start((socket) => socket.pipe(socket))
    await using relay = await startIngressRelay([{ name: 'e', port: 0, hybridConnection: 'other', access: 'open' }])
    await using _ = await serveTargets(relay, { other: echo.port }, carriers)
    const bytes = randomBytes(8_000_000)
    const socket = dial(portOf(relay, 'e'))
    socket.end(bytes)
    const hash = createHash('sha256')
      .update(await buffer(socket))
      .digest('hex')
    assert.equal(hash, createHash('sha256').update(bytes).digest('hex'))

    const records = (await auditRecords(relay, 2)).filter(({ kind }) => kind === 'stream')
    assert.equal(records.length, 1)
    const [record] = records
    assert.equal(record?.principal, 'ingress:e')
    assert.match(record?.source ?? '', /^127\.0\.0\.1:\d+$/)
    assert.match(record?.scope ?? '', /\/hybridConnections\/other$/i)
    assert.deepEqual([record?.stream?.bytesFromSender, record?.stream?.bytesFromListener], [8_000_000, 8_000_000])
    assert.notEqual(record?.stream?.listener, '')
  })
}

test('devices of a listener that carries share one relayed connection', async () => {
  await using relay = await startIngressRelay([{ name: 'p', port: 0, hybridConnection: 'site', access: 'open' }])
  await using target = await answering('heard')
  await using _ = await serveTargets(relay, { site: target.port })
  const port = portOf(relay, 'p')
  await ask(port, 'first')
  const answers = await Promise.all(Array.from({ length: 50 }, (_each, at) => ask(port, String(at))))
  assert.deepEqual(
    answers,
    answers.map((_each, at) => `heard ${at}`),
  )
})

const siteEntry = (name: string) => ({ name, port: 0, hybridConnection: 'site', access: 'open' }) as const

test('a relay that stops lets what devices have sent before they closed arrive', async () => {
  const size = 20_000_000
  let bytes = 0
  const { promise: ended, resolve: onEnd } = Promise.withResolvers<unknown>()
  await using target = await TcpTarget.start((socket) => {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      // Slower than the device, so that much is on its way when the last byte has been taken of it.
      socket.pause()
      setTimeout(() => socket.resume(), 5)
    })
    socket
      .on('end', () => onEnd('end'))
      .on('error', onEnd)
      .end()
  })
  await using relay = await startIngressRelay([{ name: 'e', port: 0, hybridConnection: 'other', access: 'open' }])
  await using _ = await serveTargets(relay, { other: target.port })
  const device = dial(portOf(relay, 'e'))
  device.resume().end(Buffer.alloc(size))
  await gone(device)
  await relay.relay.server.stop({ graceMs: 10_000 })
  assert.equal(await ended, 'end')
  assert.equal(bytes, size)
})

test('an entry that goes leaves the others the carriers that they share', async () => {
  await using relay = await startIngressRelay([siteEntry('a'), siteEntry('b')])
  await using echo = await TcpTarget.start((socket) => socket.pipe(socket))
  await using _ = await serveTargets(relay, { site: echo.port })
  assert.equal(await ask(portOf(relay, 'a'), '1'), '1')
  const device = dial(portOf(relay, 'b'))
  device.write('2')
  await once(device, 'data', { signal: signal() })
  await applyDeclaredResources(relay.relay.server.store, resourcesWith([siteEntry('b')]))
  while (relay.relay.server.ingress.portOf('a') !== undefined) await new Promise(setImmediate)
  device.write('3')
  await once(device, 'data', { signal: signal() })
  device.destroy()
})

test('a plain listener is told the address of each device, and what one entry has found out about it another one knows', async () => {
  await using relay = await startIngressRelay([siteEntry('a'), siteEntry('b')])
  const listener = await relay.listen('site')
  for (const name of ['a', 'b']) {
    const device = dial(portOf(relay, name))
    await once(device, 'connect', { signal: signal() })
    const { remoteEndpoint, connectHeaders, address } = await listener.nextAccept()
    assert.deepEqual(remoteEndpoint, { address: '127.0.0.1', port: device.localPort })
    const offersCarriers = Object.keys(connectHeaders).some((header) => /^sec-websocket-protocol$/i.test(header))
    assert.equal(offersCarriers, name === 'a')
    const rendezvous = await listener.rendezvous(address)
    device.write('x')
    assert.equal(String((await rendezvous.frames.next()).payload), 'x')
    device.destroy()
  }
})

test('a target that cuts is seen as a cut, and so is a port without listener', async () => {
  await using relay = await startIngressRelay([{ name: 'p', port: 0, hybridConnection: 'site', access: 'open' }])
  await assert.rejects(ask(portOf(relay, 'p'), 'nobody'), { code: 'ECONNRESET' })
  await using target = await TcpTarget.start((socket) => {
    socket.write('half')
    socket.once('data', () => socket.resetAndDestroy())
  })
  await using _ = await serveTargets(relay, { site: target.port })
  const socket = dial(portOf(relay, 'p'))
  socket.write('x')
  await assert.rejects(text(socket), { code: 'ECONNRESET' })
})

test('an address that the entry does not name is not let in', async () => {
  await using target = await answering('heard')
  await using relay = await startIngressRelay([
    { name: 'p', port: 0, hybridConnection: 'site', allow: ['203.0.113.0/24', '2001:db8::/32'] },
  ])
  await using _ = await serveTargets(relay, { site: target.port })
  assert.equal(await ask(portOf(relay, 'p'), 'x').catch(() => ''), '')
  const refused = (await auditRecords(relay, 2)).find(({ result }) => result === 'refused')
  assert.match(refused?.reason ?? '', /^AddressNotAllowed/)
})

test('an address that the namespace shuts out is not let in by an open entry', async () => {
  await using target = await answering('heard')
  const more = { networkRules: { send: 'Deny', ipRules: ['203.0.113.7'] } } as const
  await using closed = await startIngressRelay([{ name: 'p', port: 0, hybridConnection: 'site', access: 'open' }], {
    more,
  })
  await using _ = await serveTargets(closed, { site: target.port })
  assert.equal(await ask(portOf(closed, 'p'), 'x').catch(() => ''), '')
})

test('one source has no more connections than the entry grants, and none that come too fast', async () => {
  await using relay = await startIngressRelay([
    { name: 'few', port: 0, hybridConnection: 'site', access: 'open', maxConnectionsPerSource: 2 },
    { name: 'slow', port: 0, hybridConnection: 'site', access: 'open', connectionsPerSecondPerSource: 1 },
  ])
  await using echo = await TcpTarget.start((socket) => socket.pipe(socket))
  await using _ = await serveTargets(relay, { site: echo.port })
  const isServed = async (port: number): Promise<[boolean, Socket]> => {
    const socket = dial(port)
    socket.on('error', () => {})
    socket.write('x')
    const served = await Promise.race([
      new Promise<boolean>((resolve) => socket.once('data', () => resolve(true))),
      gone(socket).then(() => false),
    ])
    return [served, socket]
  }
  const few = portOf(relay, 'few')
  const [[first, one], [second, two]] = [await isServed(few), await isServed(few)]
  const [third] = await isServed(few)
  assert.deepEqual([first, second, third], [true, true, false])
  one.destroy()
  await gone(one)
  two.destroy()
  const outcomes: boolean[] = []
  for (let at = 0; at < 13; at += 1) {
    const [served, socket] = await isServed(portOf(relay, 'slow'))
    outcomes.push(served)
    socket.destroy()
  }
  // Ten at once, and what a second or so has earned meanwhile.
  assert.ok(outcomes.slice(0, 10).every(Boolean))
  assert.ok(outcomes.includes(false))
})

test('datagrams go both ways, each device by itself', async () => {
  await using relay = await startIngressRelay([
    { name: 'dns', port: 0, protocol: 'udp', hybridConnection: 'db', access: 'open' },
  ])
  const server = createSocket('udp4', (datagram, from) =>
    server.send(`re ${datagram.toString()}`, from.port, from.address),
  )
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  const { Bridge } = await import('@postern/bridge')
  const bridge = new Bridge({
    relay: { connectionString: relay.access('db').listen.replace(/;EntityPath=[^;]*/, ''), tls: relay.tls },
    remoteForwards: [`db:127.0.0.1:${server.address().port}U`],
  })
  await bridge.start()
  await bridge.online(signal())
  const devices = [createSocket('udp4'), createSocket('udp4')]
  for (const [at, device] of devices.entries()) {
    const heard = once(device, 'message', { signal: signal() })
    device.send(`ask ${at}`, portOf(relay, 'dns'), '127.0.0.1')
    const [answer] = (await heard) as [Buffer]
    assert.equal(String(answer), `re ask ${at}`)
    device.close()
  }
  await bridge.stop({ graceMs: 0 })
  server.close()
})

test('entries come, change and go without a restart: who may stay goes on, who may not is cut', async () => {
  const open = { name: 'a', port: 0, hybridConnection: 'site', access: 'open' } as const
  await using relay = await startIngressRelay([open])
  await using echo = await TcpTarget.start((socket) => socket.pipe(socket))
  await using _ = await serveTargets(relay, { site: echo.port })
  const { server } = relay.relay
  const declare = (...entries: Parameters<typeof resourcesWith>[0]) =>
    applyDeclaredResources(server.store, resourcesWith(entries))
  const device = dial(portOf(relay, 'a'))
  device.on('error', () => {})
  device.write('1')
  await once(device, 'data', { signal: signal() })
  await declare(open, { ...open, name: 'b' })
  while (server.ingress.portOf('b') === undefined) await new Promise(setImmediate)
  assert.equal(await ask(portOf(relay, 'b'), 'new'), 'new')
  device.write('2')
  await once(device, 'data', { signal: signal() })
  const closed = gone(device)
  await declare({ ...open, name: 'b' })
  await closed
  const { name, port, hybridConnection } = open
  await declare(
    { name: 'b', port, hybridConnection, allow: ['192.0.2.1'] },
    { name, port, hybridConnection, access: 'open' },
  )
  while (server.ingress.portOf('a') === undefined) await new Promise(setImmediate)
  assert.equal(await ask(portOf(relay, 'b'), 'x').catch(() => ''), '')
})

test('a hybrid connection that goes takes its devices with it', async () => {
  await using relay = await startIngressRelay([{ name: 'a', port: 0, hybridConnection: 'site', access: 'open' }])
  await using echo = await TcpTarget.start((socket) => socket.pipe(socket))
  await using _ = await serveTargets(relay, { site: echo.port })
  const device = dial(portOf(relay, 'a'))
  device.on('error', () => {})
  device.write('1')
  await once(device, 'data', { signal: signal() })
  const stored = await relay.relay.server.store.list()
  const found = stored.find(({ key }) => key === 'hc/local/site')
  assert.ok(found)
  await relay.relay.server.store.delete(found.key)
  await assert.rejects(ask(portOf(relay, 'a'), 'x'), { code: 'ECONNRESET' })
  device.destroy()
})
