import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type RelayedConnection, Sender } from '@postern/client'
import type { Logger } from '@postern/program'
import { StubRelay } from '@postern/testkit'
import { Bridge, type BridgeOptions } from '../bridge.ts'

// A sender that writes its frames by hand, through a relay, to the listener's end of a real bridge.

const signal = (): AbortSignal => AbortSignal.timeout(30_000)
const hello = '01000017 00000000 0101 0003 00000400 00010000 0000ea60 000000000000 00'
const u32 = (value: number): string => value.toString(16).padStart(8, '0')
const secretOf = (id: number): string => u32(id).repeat(4)

function open(id: number, target = '', kind = 0): string {
  const length = 35 + target.length
  const tail = `0${kind} ${target.length.toString(16).padStart(4, '0')} ${Buffer.from(target).toString('hex')}`
  return `10${length.toString(16).padStart(6, '0')} ${u32(id)} 00000000 ${secretOf(id)} 000000000000 000000010000 ${tail}`
}

const bytesOf = (...frames: string[]): Buffer => Buffer.from(frames.join('').replaceAll(' ', ''), 'hex')

async function serveEcho(t: TestContext): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as { port: number }).port
}

interface Attack {
  readonly connection: RelayedConnection
  readonly bridge: Bridge
  readonly relay: StubRelay
  /** Answers so far, by type of frame. */
  readonly heard: (type: number) => readonly { readonly stream: number; readonly payload: Buffer }[]
  readonly until: (isDone: () => boolean) => Promise<void>
  /** The close code, when the bridge has cut us. */
  readonly cut: () => boolean
}

async function attack(t: TestContext, options: Omit<BridgeOptions, 'relay'>): Promise<Attack> {
  const relay = await StubRelay.start()
  const bridge = new Bridge({ relay: relay.location, ...options })
  t.after(async () => {
    await bridge.stop({ graceMs: 0 })
    await relay.kill()
  })
  await bridge.start()
  await bridge.online(signal())
  const sender = new Sender({ ...relay.location, path: 'db' })
  const connection = await sender.connectRaw({ protocols: ['postern.plain', 'postern.carrier.v1'], signal: signal() })
  let bytes = Buffer.alloc(0)
  let isCut = false
  const frames: { type: number; stream: number; payload: Buffer }[] = []
  connection.open({
    onData: (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      for (let end = 8; bytes.length >= 8; bytes = bytes.subarray(end)) {
        end = 8 + bytes.readUIntBE(1, 3)
        if (bytes.length < end) break
        frames.push({ type: bytes[0]!, stream: bytes.readUInt32BE(4), payload: bytes.subarray(8, end) })
      }
    },
    onEof: () => (isCut = true),
    onDrain: () => {},
    onClosed: () => (isCut = true),
  })
  return {
    ...{ connection, bridge, relay },
    heard: (type) => frames.filter((frame) => frame.type === type),
    cut: () => isCut,
    until: async (isDone) => {
      const patience = signal()
      while (!isDone()) {
        patience.throwIfAborted()
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}

test('a sender that breaks the protocol is cut, and the streams of others go on', async (t) => {
  const { connection, bridge, relay, cut, until } = await attack(t, {
    remoteForwards: [`db:127.0.0.1:${await serveEcho(t)}`],
  })
  await using local = new Bridge({ relay: relay.location, localForwards: ['127.0.0.1:0:db'] })
  await local.start()
  const port = Number(/(\d+)$/.exec(local.status[0]?.addresses[0] ?? '')?.[1])
  const client = connect({ port, host: '127.0.0.1' })
  t.after(() => client.destroy())
  client.on('error', () => {})
  client.write('before')
  await once(client, 'data', { signal: signal() })
  assert.equal(bridge.status[0]?.carriers, 2)
  connection.send(bytesOf(hello, open(1), `13000007 00000001 0000000000ff 61`))
  await until(cut)
  await until(() => bridge.status[0]?.carriers === 1)
  client.write('after')
  const [answer] = await once(client, 'data', { signal: signal() })
  assert.equal(String(answer), 'after')
})

test('a sender that opens more than it may is refused the rest, and what it asks for is not dialed', async (t) => {
  let dialed = 0
  const server = createServer((socket) => {
    dialed += 1
    socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { connection, heard, until } = await attack(t, {
    remoteForwards: [`db:127.0.0.1:${(server.address() as { port: number }).port}`],
  })
  connection.send(bytesOf(hello, ...Array.from({ length: 1100 }, (_, index) => open(index + 1))))
  await until(() => heard(18).length >= 1024 && heard(22).length >= 76)
  assert.deepEqual(
    heard(22).map(({ stream, payload }) => [stream, payload.readUInt16BE(0)]),
    Array.from({ length: 76 }, (_, index) => [1025 + index, 5]),
  )
  await until(() => dialed >= 1024)
  assert.equal(dialed, 1024)
})

test('what a sender says of itself and of its target stands in no line but its own', async (t) => {
  const lines: string[] = []
  const write = (event: string, fields?: Record<string, unknown>): void =>
    void lines.push(JSON.stringify({ event, ...fields }))
  const logger: Logger = { error: write, warn: write, info: write, debug: write, child: () => logger }
  const { connection, heard, until } = await attack(t, { remoteForwards: ['db:127.0.0.1:1'], logger })
  connection.send(bytesOf(hello, open(1, 'x\r\n{"event":"forged"}\u001b[2J')))
  await until(() => heard(22).length > 0)
  assert.equal(heard(22)[0]?.payload.readUInt16BE(0), 2)
  assert.ok(lines.some((line) => line.includes('has no port name')))
  assert.ok(!lines.some((line) => /[\p{Cc}]/u.test(line)))
})

test('UDP streams for a TCP target are refused', async (t) => {
  const { connection, heard, until } = await attack(t, { remoteForwards: [`db:127.0.0.1:${await serveEcho(t)}`] })
  connection.send(bytesOf(hello, open(1, '', 1)))
  await until(() => heard(22).length > 0)
  assert.deepEqual([heard(22)[0]?.stream, heard(22)[0]?.payload.readUInt16BE(0)], [1, 2])
})
