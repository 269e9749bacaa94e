// Datagrams at a public port, and what their target is told of the device.
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { Bridge } from '@postern/bridge'
import type { TestRelay } from '@postern/testkit'
import { type Entry, portOf, startIngressRelay } from './ingress-bed.ts'
import { metrics } from './metrics.ts'

const signal = (): AbortSignal => AbortSignal.timeout(15_000)

// haproxy "The PROXY protocol", section 2.2: signature, 0x21 (version 2, PROXY), family and transport, length, addresses, ports.
const signature = '0d0a0d0a000d0a515549540a'

const hex = (port: number): string => port.toString(16).padStart(4, '0')

/** A UDP socket of the loopback address that is closed at the end. */
async function udp(parts: AsyncDisposableStack, address: string): Promise<Socket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  parts.defer(() => void socket.close())
  socket.bind(0, address)
  await once(socket, 'listening', { signal: signal() })
  return socket
}

interface Bed extends AsyncDisposable {
  readonly parts: AsyncDisposableStack
  readonly relay: TestRelay
}

/** A relay with one entry `dns` towards a service that answers each datagram with its bytes in hex. */
async function startBed(entry: Partial<Entry>, carriers: 'auto' | 'off' = 'auto'): Promise<Bed> {
  await using parts = new AsyncDisposableStack()
  const service = await udp(parts, '127.0.0.1')
  service.on('message', (datagram, from) => service.send(datagram.toString('hex'), from.port, from.address))
  const { port } = service.address()
  const framing = carriers === 'off' ? { framing: 'azbridge' as const, portName: `${port}U` } : {}
  const wanted = { name: 'dns', port: 0, protocol: 'udp', hybridConnection: 'db', access: 'open', ...framing } as const
  const relay = parts.use(await startIngressRelay([{ ...wanted, ...entry }]))
  const bridge = new Bridge({
    relay: { connectionString: relay.access('db').listen.replace(/;EntityPath=[^;]*/, ''), tls: relay.tls },
    remoteForwards: [`db:127.0.0.1:${port}U`],
    carriers,
  })
  await bridge.start()
  parts.defer(() => bridge.stop({ graceMs: 0 }))
  await bridge.online(signal())
  const kept = parts.move()
  return { parts: kept, relay, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function ask(device: Socket, datagram: string, port: number, address: string): Promise<string> {
  const heard = once(device, 'message', { signal: signal() })
  device.send(datagram, port, address)
  const [answer] = (await heard) as [Buffer]
  return answer.toString()
}

for (const carriers of ['auto', 'off'] as const) {
  test(`each datagram has a PROXY header of its own, for devices of both families, carriers ${carriers}`, async () => {
    await using bed = await startBed({ proxyProtocol: 'v2' }, carriers)
    const port = portOf(bed.relay, 'dns')
    const older = await udp(bed.parts, '127.0.0.1')
    const newer = await udp(bed.parts, '::1')
    // The port is that of all addresses: which of them a datagram came to is not known.
    const ofOlder = `${signature}2112000c7f00000100000000${hex(older.address().port)}${hex(port)}`
    const ofNewer = `${signature}21220024${'0'.repeat(31)}1${'0'.repeat(32)}${hex(newer.address().port)}${hex(port)}`
    for (const word of ['one', 'two', '']) {
      const bytes = Buffer.from(word).toString('hex')
      assert.equal(await ask(older, word, port, '127.0.0.1'), `${ofOlder}${bytes}`)
      assert.equal(await ask(newer, word, port, '::1'), `${ofNewer}${bytes}`)
    }
  })
}

test('the PROXY header names the address of an entry that has one', async () => {
  await using bed = await startBed({ proxyProtocol: 'v2', address: '127.0.0.1' })
  const port = portOf(bed.relay, 'dns')
  const device = await udp(bed.parts, '127.0.0.1')
  const header = `${signature}2112000c7f0000017f000001${hex(device.address().port)}${hex(port)}`
  assert.equal(await ask(device, 'a', port, '127.0.0.1'), `${header}61`)
})

test('a datagram that is too long with its PROXY header is dropped and counted, and the next ones go on', async () => {
  await using bed = await startBed({ proxyProtocol: 'v2' })
  const port = portOf(bed.relay, 'dns')
  const device = await udp(bed.parts, '127.0.0.1')
  const own = 'namespace="local",ingress="dns"'
  // 65,507 bytes are the most that a datagram of IPv4 has; the header takes 28.
  const tooLong = Buffer.alloc(65_480)
  // One that waits for its way, and one that has it.
  for (const dropped of [1, 2]) {
    device.send(tooLong, port, '127.0.0.1')
    assert.match(await ask(device, 'next', port, '127.0.0.1'), /^0d0a0d0a.{48}6e657874$/)
    assert.equal(await metrics(bed.relay, 'postern_ingress_datagrams_dropped_total', own), dropped)
  }
})

test('datagrams go as they are to a target that does not ask who sent them', async () => {
  await using bed = await startBed({})
  const device = await udp(bed.parts, '127.0.0.1')
  const port = portOf(bed.relay, 'dns')
  assert.equal(await ask(device, 'bare', port, '127.0.0.1'), '62617265')
  assert.equal(await metrics(bed.relay, 'postern_ingress_datagrams_dropped_total'), 0)
})
