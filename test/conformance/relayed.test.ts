// What passes between two joined sockets: Hybrid Connections protocol, "Interaction summary"; RFC 6455 sections 5 and 7.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type RawWebSocket, startTestRelay, type TestRelay } from '@postern/testkit'
import { decodeClose, Opcode } from '@postern/websocket'
import { metrics } from './metrics.ts'

interface Joined extends AsyncDisposable {
  readonly relay: TestRelay
  readonly sender: RawWebSocket
  readonly listener: RawWebSocket
}

async function joined(options: { extensions?: string; relay?: Record<string, string | number> } = {}): Promise<Joined> {
  const relay = await startTestRelay({ options: options.relay ?? {} })
  const control = await relay.listen()
  const extensions = options.extensions === undefined ? {} : { extensions: options.extensions }
  const pending = relay.connect('echo', extensions)
  const { address } = await control.nextAccept()
  const listener = await control.rendezvous(address, extensions)
  return { relay, sender: await pending, listener, [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose]() }
}

test('text stays text and binary stays binary, both ways', async () => {
  await using pair = await joined()
  const { sender, listener } = pair
  for (const [from, to] of [
    [sender, listener],
    [listener, sender],
  ] as const) {
    from.text('héllo')
    from.binary(Buffer.from([0, 255]))
    assert.deepEqual(await to.frames.next(), { opcode: 1, fin: true, rsv1: false, payload: Buffer.from('héllo') })
    assert.deepEqual(await to.frames.next(), { opcode: 2, fin: true, rsv1: false, payload: Buffer.from([0, 255]) })
  }
})

test('an empty message arrives as an empty message, and none is invented', async () => {
  await using pair = await joined()
  pair.sender.binary('')
  pair.sender.text('next')
  assert.deepEqual(await pair.listener.frames.next(), { opcode: 2, fin: true, rsv1: false, payload: Buffer.alloc(0) })
  assert.equal((await pair.listener.frames.next()).payload.toString(), 'next')
})

test('fragments keep their borders, with a ping between them answered by the relay', async () => {
  await using pair = await joined()
  const { sender, listener } = pair
  sender.send(Opcode.text, 'one', { fin: false })
  sender.send(Opcode.ping, 'are you there')
  sender.send(Opcode.continuation, 'two', { fin: true })
  assert.deepEqual(await sender.frames.next(), {
    opcode: 10,
    fin: true,
    rsv1: false,
    payload: Buffer.from('are you there'),
  })
  assert.deepEqual(await listener.frames.next(), { opcode: 1, fin: false, rsv1: false, payload: Buffer.from('one') })
  assert.deepEqual(await listener.frames.next(), { opcode: 0, fin: true, rsv1: false, payload: Buffer.from('two') })
})

test('a long frame arrives in frames of at most 64 KiB that make the same message', async () => {
  await using pair = await joined()
  const payload = randomBytes(1_000_003)
  pair.sender.send(Opcode.binary, payload)
  const parts: Buffer[] = []
  for (;;) {
    const frame = await pair.listener.frames.next()
    assert.equal(frame.opcode, parts.length === 0 ? Opcode.binary : Opcode.continuation)
    assert.ok(frame.payload.length <= 65_536)
    parts.push(frame.payload)
    if (frame.fin) break
  }
  assert.ok(Buffer.concat(parts).equals(payload))
})

test('RSV1 of an agreed extension passes untouched, on the first frame of a split message only', async () => {
  await using pair = await joined({ extensions: 'permessage-deflate' })
  pair.sender.send(Opcode.binary, randomBytes(70_000), { rsv1: true })
  assert.equal((await pair.listener.frames.next()).rsv1, true)
  assert.equal((await pair.listener.frames.next()).rsv1, false)
})

test('RSV1 without an agreed extension ends the connection with 1002', async () => {
  await using pair = await joined()
  pair.sender.send(Opcode.text, 'x', { rsv1: true })
  const close = await pair.sender.frames.next()
  assert.equal(decodeClose(close.payload).code, 1002)
  await assert.rejects(pair.listener.frames.next(), /closed/)
})

test('CLOSE is passed on with code and reason and not answered; the other direction goes on until its own CLOSE', async () => {
  await using pair = await joined()
  const { sender, listener } = pair
  sender.close(1000, 'Shutdown')
  assert.deepEqual(decodeClose((await listener.frames.next()).payload), { code: 1000, reason: 'Shutdown' })
  listener.binary('reply after the end')
  assert.equal((await sender.frames.next()).payload.toString(), 'reply after the end')
  listener.close(4001, 'done')
  assert.deepEqual(decodeClose((await sender.frames.next()).payload), { code: 4001, reason: 'done' })
  assert.deepEqual(await Promise.all([sender.ended, listener.ended]), [true, true])
})

test('an empty CLOSE stays empty', async () => {
  await using pair = await joined()
  pair.listener.close()
  assert.equal((await pair.sender.frames.next()).payload.length, 0)
})

test('a side that aborts leaves the other with a broken connection, not a clean close', async () => {
  for (const side of ['sender', 'listener'] as const) {
    await using pair = await joined()
    const other = side === 'sender' ? pair.listener : pair.sender
    pair[side].binary('last words')
    assert.equal((await other.frames.next()).payload.toString(), 'last words')
    pair[side].abort()
    await other.ended
    assert.equal(other.frames.size, 0, 'no CLOSE was made up')
  }
})

test('a peer that answers no ping is found and the other side is told by a broken connection', async () => {
  await using pair = await joined({ relay: { pingInterval: '100ms' } })
  const { sender, listener } = pair
  const answering = (async () => {
    for (;;) {
      const frame = await sender.frames.next()
      if (frame.opcode === Opcode.ping) sender.send(Opcode.pong, frame.payload)
    }
  })()
  await listener.ended
  await sender.ended
  await assert.rejects(answering)
})

test('what is sent right behind the accept handshake is not lost', async () => {
  await using relay = await startTestRelay()
  const control = await relay.listen()
  const pending = relay.connect()
  const { address } = await control.nextAccept()
  const listener = await control.rendezvous(address)
  for (let i = 0; i < 100; i += 1) listener.text(`early ${i}`)
  const sender = await pending
  for (let i = 0; i < 100; i += 1) assert.equal((await sender.frames.next()).payload.toString(), `early ${i}`)
})

test('a slow reader costs a bounded number of bytes, and gets all of them when it reads again', async () => {
  await using pair = await joined()
  const { sender, listener, relay } = pair
  listener.socket.pause()
  const payload = randomBytes(65_536)
  const total = 64 * 1024 * 1024
  let sent = 0
  const pump = async (): Promise<void> => {
    while (sent < total) {
      sender.send(Opcode.binary, payload)
      sent += payload.length
      if (sender.socket.writableNeedDrain) await new Promise((resolve) => sender.socket.once('drain', resolve))
    }
  }
  const pumping = pump()
  // Time does not decide here: the sender stalls only when relay and kernel hold as much as they may.
  let last = -1
  while (last !== sent) {
    last = sent
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  assert.ok(sent < total, 'the sender was held up')
  const before = await metrics(relay, 'postern_bytes_transferred_total')
  assert.ok(before < 40 * 1024 * 1024, `${before} bytes were taken for a reader that reads nothing`)
  listener.socket.resume()
  let received = 0
  while (received < total) received += (await listener.frames.next()).payload.length
  await pumping
  assert.equal(received, total)
})

test('bytes and connections are counted', async () => {
  await using pair = await joined()
  const { relay, sender, listener } = pair
  assert.equal(await metrics(relay, 'postern_active_connections', 'entity="echo"'), 1)
  sender.binary(Buffer.alloc(1000))
  await listener.frames.next()
  assert.ok((await metrics(relay, 'postern_bytes_transferred_total', 'entity="echo"')) >= 1000)
  sender.close(1000)
  listener.close(1000)
  await sender.ended
  await metrics.until(relay, 'postern_active_connections', 0)
  assert.equal(await metrics(relay, 'postern_sender_connections_success_total'), 1)
})

test('a side that has got CLOSE may think for as long as it likes before it answers', async () => {
  await using pair = await joined({ relay: { pingInterval: '100ms' } })
  const { sender, listener } = pair
  const nextNoPing = async (socket: RawWebSocket): Promise<{ opcode: number; payload: Buffer }> => {
    const frame = await socket.frames.next()
    return frame.opcode === Opcode.ping ? nextNoPing(socket) : frame
  }
  sender.close(1000, 'Shutdown')
  assert.equal((await nextNoPing(listener)).opcode, Opcode.close)
  // It cannot be pinged any more: after five intervals it is as silent as a dead one.
  for (let pings = 0; pings < 5; pings++) assert.equal((await sender.frames.next()).opcode, Opcode.ping)
  listener.binary('the answer')
  assert.equal((await nextNoPing(sender)).payload.toString(), 'the answer')
  listener.close(1000)
  assert.equal((await nextNoPing(sender)).opcode, Opcode.close)
})
