import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import {
  type RawFrame,
  type RawWebSocket,
  type ScriptedListener,
  startTestRelay,
  type TestRelay,
} from '@postern/testkit'
import { Bridge, type BridgeOptions } from './bridge.ts'

// What azbridge says and expects, frame by frame as it was recorded: its public source (693a395), and that of
// Microsoft.Azure.Relay 3.0.1, compiled with Mono, with a scripted peer in the other role. Sign-in, YAML and the parser of the
// command line were stand-ins; nothing of what goes over the relay was. That build also ran against this bridge in both roles:
// TCP with half-close, 3 MB each way, 20 connections at once, UDP to 8,000 bytes, port names, HTTP, every refusal below.

/** Opcode of a CLOSE frame. RFC 6455 section 5.5.1. */
const close = 0x8

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

/** `BIN "text"` or `CLOSE code "reason"`, as the recordings have it. */
function show({ opcode, payload }: RawFrame): string {
  if (opcode !== close) return `BIN ${JSON.stringify(payload.toString('latin1'))}`
  return `CLOSE ${payload.readUInt16BE(0)} ${JSON.stringify(payload.subarray(2).toString())}`
}

const binary = (text: string): string => `BIN ${JSON.stringify(text)}`
const shutdown = 'CLOSE 1000 "Shutdown"'

/** Puts a recorded frame on the wire. */
function say(peer: RawWebSocket, line: string): void {
  const [, text] = /^BIN (".*")$/.exec(line) ?? []
  if (text === undefined) peer.close(1000, 'Shutdown')
  else peer.binary(Buffer.from(JSON.parse(text) as string, 'latin1'))
}

async function hear(peer: RawWebSocket, ...lines: string[]): Promise<void> {
  for (const line of lines) assert.equal(show(await peer.frames.next(10_000)), line)
}

async function startBridge(relay: TestRelay, options: Omit<BridgeOptions, 'relay'>): Promise<Bridge> {
  const connectionString = options.localForwards ? relay.access().send : relay.access().listen
  const bridge = new Bridge({ relay: { connectionString, tls: false }, ...options })
  await bridge.start()
  await bridge.online(signal())
  return bridge
}

const plain = { options: { tls: 'off' as const } }

/** A TCP service that hands its sockets to the test, half-open at their ends. */
async function startService() {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    server.emit('socket', socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    accepted: async (): Promise<Socket> => sockets[0] ?? (await once(server, 'socket', { signal: signal() }))[0],
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function startDatagramService() {
  const service = createSocket('udp4')
  service.on('message', (datagram, from) => service.send(`re:${String(datagram)}`, from.port, from.address))
  service.bind(0, '127.0.0.1')
  await once(service, 'listening')
  return {
    port: service.address().port,
    async [Symbol.asyncDispose]() {
      service.close()
      await once(service, 'close')
    },
  }
}

const portOf = (bridge: Bridge): number => Number(/:(\d+)U?$/.exec(bridge.status[0]?.addresses[0] ?? '')?.[1])
const dial = (bridge: Bridge): Socket => connect({ port: portOf(bridge), host: '127.0.0.1', allowHalfOpen: true })
const bytesOf = async (socket: Socket): Promise<string> => String((await once(socket, 'data', { signal: signal() }))[0])
const endOf = (socket: Socket): Promise<unknown> => once(socket.resume(), 'end', { signal: signal() })

/** Accepts the next sender, as azbridge does: at once, without a subprotocol. */
async function accept(listener: ScriptedListener): Promise<RawWebSocket> {
  const { address } = await listener.nextAccept()
  return listener.rendezvous(address)
}

for (const [what, messages] of [
  ['in two messages, as azbridge sends it', ['\x01\0\0\x02', 'nm']],
  ['byte by byte', ['\x01', '\0', '\0', '\x02', 'n', 'm']],
  ['in one message', ['\x01\0\0\x02nm']],
] as const) {
  test(`as the listener, a preamble ${what}: accepted, and the target goes on after the sender's end`, async () => {
    await using relay = await startTestRelay(plain)
    await using service = await startService()
    await using _ = await startBridge(relay, {
      remoteForwards: [`echo:nm/127.0.0.1:${service.port};other/127.0.0.1:9`],
    })
    const sender = await relay.connect()
    for (const message of messages) say(sender, binary(message))
    await hear(sender, binary('\x01\0\0'))
    const target = await service.accepted()
    say(sender, binary('question'))
    assert.equal(await bytesOf(target), 'question')
    const end = endOf(target)
    say(sender, shutdown)
    await end
    target.end('late')
    await hear(sender, binary('late'), shutdown)
    assert.equal(await sender.ended, true)
  })
}

for (const [what, preamble, reply] of [
  ['another version', '\x02\0\0\x02nm', '\0\0\0'],
  ['a mode that there is not', '\x01\0\x02\x02nm', '\0\0\0'],
  ['a stream of a UDP target', '\x01\0\0\x03dns', '\0\0\x01'],
  ['datagrams of a TCP target', '\x01\0\x01\x02nm', '\0\0\xff'],
] as const) {
  test(`as the listener, asked for ${what}: refused in azbridge's bytes, then the end`, async () => {
    await using relay = await startTestRelay(plain)
    await using _ = await startBridge(relay, { remoteForwards: ['echo:nm/127.0.0.1:9;dns/127.0.0.1:9U'] })
    const sender = await relay.connect()
    say(sender, binary(preamble))
    await hear(sender, binary(reply))
    assert.equal((await sender.frames.next()).opcode, close)
  })
}

for (const [what, preamble] of [
  ['a name that it lacks', '\x01\0\0\x06nobody'],
  ['no name', '\x01\0\0\0'],
] as const) {
  test(`as the listener, asked for ${what}: no reply but the end, with a reason that azbridge never had`, async () => {
    await using relay = await startTestRelay(plain)
    await using _ = await startBridge(relay, { remoteForwards: ['echo:nm/127.0.0.1:9;other/127.0.0.1:9'] })
    const sender = await relay.connect()
    say(sender, binary(preamble))
    assert.match(show(await sender.frames.next()), /^CLOSE \d+ "listener .* has no port name/)
  })
}

test('as the listener, datagrams: a length before each, one message each, an empty one too', async () => {
  await using relay = await startTestRelay(plain)
  await using service = await startDatagramService()
  await using _ = await startBridge(relay, { remoteForwards: [`echo:dns/127.0.0.1:${service.port}U;nm/127.0.0.1:9`] })
  const sender = await relay.connect()
  for (const message of ['\x01\0\x01\x03', 'dns']) say(sender, binary(message))
  await hear(sender, binary('\x01\0\x01'))
  say(sender, binary('\0\x05dgram'))
  await hear(sender, binary('\0\x08re:dgram'))
  say(sender, binary('\0\0'))
  await hear(sender, binary('\0\x03re:'))
  say(sender, binary('\0\x01x\0\x01y'))
  await hear(sender, binary('\0\x04re:x'), binary('\0\x04re:y'))
  sender.abort()
})

test("as the sender: the name in two messages, and the target's bytes after the client's end", async () => {
  await using relay = await startTestRelay(plain)
  const listener = await relay.listen()
  await using bridge = await startBridge(relay, { localForwards: ['127.0.0.1:0/nm:echo'] })
  const client = dial(bridge)
  const far = await accept(listener)
  await hear(far, binary('\x01\0\0\x02'), binary('nm'))
  say(far, binary('\x01\0\0'))
  client.end('q')
  await hear(far, binary('q'), shutdown)
  say(far, binary('late'))
  assert.equal(await bytesOf(client), 'late')
  say(far, shutdown)
  await endOf(client)
  assert.equal(await far.ended, true)
})

test("as the sender: bytes beside the answer, and the client goes on after the listener's end", async () => {
  await using relay = await startTestRelay(plain)
  const listener = await relay.listen()
  await using bridge = await startBridge(relay, { localForwards: ['127.0.0.1:0/nm:echo'] })
  const client = dial(bridge)
  const far = await accept(listener)
  await hear(far, binary('\x01\0\0\x02'), binary('nm'))
  say(far, binary('\x01\0\0hello'))
  say(far, shutdown)
  assert.equal(await bytesOf(client), 'hello')
  await endOf(client)
  client.end('after')
  await hear(far, binary('after'), shutdown)
})

test('as the sender: a target that azbridge could not reach after it had accepted looks ended', async () => {
  await using relay = await startTestRelay(plain)
  const listener = await relay.listen()
  await using bridge = await startBridge(relay, { localForwards: ['127.0.0.1:0/nm:echo'] })
  const client = dial(bridge)
  const far = await accept(listener)
  say(far, binary('\x01\0\0'))
  far.close(1000, 'CloseAsync')
  await endOf(client)
  client.destroy()
})

for (const [reply, reason] of [
  ['\0\0\0', /another version of the bridge protocol/],
  ['\0\0\x01', /has a UDP target under this port name/],
  ['\x02\0\0', /does not speak the bridge protocol/],
] as const) {
  test(`as the sender, answered ${JSON.stringify(reply)}: the client is cut and the reason is said`, async () => {
    await using relay = await startTestRelay(plain)
    const listener = await relay.listen()
    await using bridge = await startBridge(relay, { localForwards: ['127.0.0.1:0/nm:echo'] })
    const client = dial(bridge)
    const far = await accept(listener)
    say(far, binary(reply))
    say(far, shutdown)
    await assert.rejects(endOf(client), { code: 'ECONNRESET' })
    assert.match(bridge.status[0]?.lastError?.message ?? '', reason)
  })
}

test('as the sender, a listener without the name ends without a word: the next one that is chosen is asked', async () => {
  await using relay = await startTestRelay(plain)
  const listener = await relay.listen()
  await using bridge = await startBridge(relay, { localForwards: ['127.0.0.1:0/nm:echo'] })
  const client = dial(bridge)
  for (const reply of [shutdown, shutdown, binary('\x01\0\0here')]) {
    const far = await accept(listener)
    await hear(far, binary('\x01\0\0\x02'), binary('nm'))
    say(far, reply)
  }
  assert.equal(await bytesOf(client), 'here')
  client.destroy()
})

test('as the sender, datagrams: the U in the default name, a length before each, one message each', async () => {
  await using relay = await startTestRelay(plain)
  const listener = await relay.listen()
  await using bridge = await startBridge(relay, { localForwards: ['127.0.0.1:0U/5000U:echo'] })
  const client = createSocket('udp4').unref()
  client.send('dgram', portOf(bridge), '127.0.0.1')
  const far = await accept(listener)
  await hear(far, binary('\x01\0\x01\x05'), binary('5000U'))
  say(far, binary('\x01\0\x01'))
  await hear(far, binary('\0\x05dgram'))
  const answered = once(client, 'message', { signal: signal() })
  say(far, binary('\0\x03abc'))
  assert.equal(String((await answered)[0]), 'abc')
  client.send('two', portOf(bridge), '127.0.0.1')
  await hear(far, binary('\0\x03two'))
  client.close()
})

test('as the sender, datagrams asked of a TCP target: refused, and the reason is said', async () => {
  await using relay = await startTestRelay(plain)
  const listener = await relay.listen()
  await using bridge = await startBridge(relay, { localForwards: ['127.0.0.1:0U/nm:echo'] })
  const client = createSocket('udp4').unref()
  client.send('dgram', portOf(bridge), '127.0.0.1')
  const far = await accept(listener)
  await hear(far, binary('\x01\0\x01\x02'), binary('nm'))
  say(far, binary('\0\0\xff'))
  say(far, shutdown)
  await far.ended
  assert.match(bridge.status[0]?.lastError?.message ?? '', /has a TCP target under this port name/)
  client.close()
})
