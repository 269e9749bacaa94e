import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { StubRelay } from '@postern/testkit'
import type { WebSocket } from 'ws'
import { Sender } from '../sender/sender.ts'
import type { MessageStream } from './message-stream.ts'

const signal = () => AbortSignal.timeout(5_000)

interface RelayEnd {
  /** What came, `text` or bytes in hex. */
  readonly seen: string[]
  readonly url: string
  ack(receivers?: number): void
  say(text: string): void
  close(code: number, reason: string): void
  cut(): void
  /** Resolves when so many messages came. */
  received(count: number): Promise<void>
}

async function open(relay: StubRelay, action: 'send' | 'publish' = 'publish'): Promise<[MessageStream, RelayEnd]> {
  const arrival = once(relay, 'rendezvous', { signal: signal() })
  const sender = new Sender({ ...relay.location, path: 'events' })
  const opening = sender.openMessages(action, { suffix: 'eu', query: 'x=1', signal: signal() })
  const [socket, request] = (await arrival) as [WebSocket, IncomingMessage]
  const seen: string[] = []
  socket.on('message', (data: Buffer, isBinary) => {
    seen.push(isBinary ? data.toString('hex') : data.toString('utf8'))
    socket.emit('counted')
  })
  socket.on('error', () => {})
  return [
    await opening,
    {
      seen,
      url: request.url ?? '',
      ack: (receivers = 1) => socket.send(JSON.stringify({ ack: { receivers, id: `id-${receivers}` } })),
      say: (text) => socket.send(text),
      close: (code, reason) => socket.close(code, reason),
      cut: () => socket.terminate(),
      received: async (count) => {
        while (seen.length < count) await once(socket, 'counted', { signal: signal() })
      },
    },
  ]
}

test('messages leave in order, and answers come back to them in order', async () => {
  await using relay = await StubRelay.start()
  const [stream, far] = await open(relay)
  assert.match(far.url, /^\/\$hc\/events\/eu\?x=1&sb-hc-action=publish&/)
  const receipts = [stream.send('one'), stream.send(Buffer.of(2)), stream.send('')]
  await far.received(3)
  assert.deepEqual(far.seen, ['one', '02', ''])
  for (const receivers of [5, 6, 7]) far.ack(receivers)
  assert.deepEqual(
    (await Promise.all(receipts)).map(({ receivers }) => receivers),
    [5, 6, 7],
  )
  await stream.close()
})

test('a nack rejects the message that it belongs to, and no other', async () => {
  await using relay = await StubRelay.start()
  const [stream, far] = await open(relay, 'send')
  const refused = assert.rejects(stream.send('one'), { code: 'NoListenersForRequest', message: 'nobody there' })
  const taken = stream.send('two')
  await far.received(2)
  far.say('{"nack":{"status":502,"code":"NoListenersForRequest","reason":"nobody there"}}')
  far.ack()
  await refused
  assert.equal((await taken).receivers, 1)
  await stream.close()
})

test('64 messages may be unanswered; the next ones leave with the answers', async () => {
  await using relay = await StubRelay.start()
  const [stream, far] = await open(relay)
  const receipts = Array.from({ length: 70 }, (_, index) => stream.send(`m${index}`))
  let isReady = false
  const ready = stream.ready.then(() => {
    isReady = true
  })
  await far.received(64)
  // Whatever had been sent beyond would stand before this answer's effect.
  assert.equal(far.seen.length, 64)
  assert.equal(stream.unanswered, 70)
  far.ack()
  await far.received(65)
  assert.equal(isReady, false)
  for (let index = 1; index < 70; index += 1) {
    await far.received(Math.min(70, index + 64))
    far.ack()
  }
  await Promise.all(receipts)
  await ready
  assert.equal(stream.unanswered, 0)
  assert.equal(far.seen.at(-1), 'm69')
  await stream.close()
})

test('who never waits for ready is held back by an error, not by memory', async () => {
  await using relay = await StubRelay.start()
  const [stream, far] = await open(relay)
  const outcomes = Array.from({ length: 64 + 1_024 + 1 }, () => stream.send('x'))
  const settled = Promise.allSettled(outcomes)
  await assert.rejects(outcomes.at(-1) ?? Promise.resolve(), { code: 'QuotaExceeded', help: /ready/ })
  await far.received(64)
  far.cut()
  assert.equal((await settled).filter(({ status }) => status === 'rejected').length, outcomes.length)
})

test('a lost connection rejects what is unanswered as unknown, and what was not sent as not sent', async () => {
  await using relay = await StubRelay.start()
  const [stream, far] = await open(relay)
  const outcomes = Promise.allSettled(Array.from({ length: 65 }, () => stream.send('x')))
  await far.received(64)
  far.cut()
  const errors = (await outcomes).map((outcome) => (outcome.status === 'rejected' ? outcome.reason : undefined))
  assert.equal(errors[0].code, 'DeliveryUnknown')
  assert.match(errors[63].message, /it is not known whether the message arrived/)
  assert.equal(errors[64].code, 'ConnectionFailed')
  assert.match(errors[64].message, /was not sent/)
  await assert.rejects(stream.send('later'), { code: 'ConnectionFailed' })
  assert.equal(stream.isOpen, false)
  await stream.ready
  await stream.close()
})

test('a relay that closes says why to what was not sent', async () => {
  await using relay = await StubRelay.start()
  const [stream, far] = await open(relay)
  const unanswered = assert.rejects(stream.send('x'), {
    code: 'DeliveryUnknown',
    message: /1001 The hybrid connection/,
  })
  await far.received(1)
  far.close(1001, 'The hybrid connection has been deleted or disabled. TrackingId:1_G0')
  await unanswered
  await assert.rejects(stream.send('y'), { code: 'EntityDeleted', isTransient: false })
})

test('close waits for the answers and ends cleanly', async () => {
  await using relay = await StubRelay.start()
  const [stream, far] = await open(relay)
  const receipt = stream.send('last')
  const closing = stream.close()
  await assert.rejects(stream.send('too late'), { code: 'ConnectionFailed', message: /closed/ })
  await far.received(1)
  far.ack(3)
  assert.equal((await receipt).receivers, 3)
  await closing
})

test('the signal of close ends the wait for answers that do not come', async () => {
  await using relay = await StubRelay.start()
  const [stream, far] = await open(relay)
  const unanswered = assert.rejects(stream.send('x'), { code: 'DeliveryUnknown' })
  await far.received(1)
  await stream.close({ signal: AbortSignal.timeout(50) })
  await unanswered
})

for (const [what, say] of [
  ['no JSON', 'ok'],
  ['an endless answer', 'x'.repeat(100_000)],
] as const) {
  test(`${what} ends the stream: whose answers follow cannot be told`, async () => {
    await using relay = await StubRelay.start()
    const [stream, far] = await open(relay)
    const rejected = assert.rejects(stream.send('x'), { code: 'DeliveryUnknown' })
    await far.received(1)
    far.say(say)
    await rejected
    await assert.rejects(stream.send('y'), { code: 'ProtocolViolation' })
    await stream.close()
  })
}

test('an answer too many ends the stream', async () => {
  await using relay = await StubRelay.start()
  const [stream, far] = await open(relay)
  const receipt = stream.send('x')
  await far.received(1)
  far.ack()
  far.ack()
  await receipt
  await stream.close()
  await assert.rejects(stream.send('y'), { code: 'ProtocolViolation' })
})

test('a message beyond the limit is refused here, and the stream goes on', async () => {
  await using relay = await StubRelay.start()
  const [stream, far] = await open(relay)
  await assert.rejects(stream.send('ü'.repeat(32_769)), { code: 'MessageTooLarge' })
  const receipt = stream.send('ü'.repeat(32_768))
  await far.received(1)
  far.ack()
  await receipt
  await stream.close()
})

test('a refused handshake has the code of the relay', async () => {
  await using relay = await StubRelay.start()
  relay.decide = () => ({
    status: 401,
    reason: 'MissingRight: The rule of the token does not have the right that is needed',
  })
  await assert.rejects(new Sender({ ...relay.location, path: 'x' }).openMessages('send'), { code: 'RightMissing' })
})
