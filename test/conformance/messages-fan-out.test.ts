// docs/protocol/messages.md, "Sending one message" and "Slow receivers": exactly n receivers, in order, and nobody waits for a slow one.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { RawWebSocket, signToken, type TestRelay } from '@postern/testkit'
import { Opcode } from '@postern/websocket'
import { begin, head } from './http-client.ts'
import { post, receivers, startMessageRelay, stream, subscribe } from './message-relay.ts'
import { metrics } from './metrics.ts'

const messages = 40

/** Sends numbered messages by two streaming senders at once, and waits for every acknowledgement. */
async function publishNumbers(relay: TestRelay, expected: number): Promise<void> {
  const publishers = [await stream(relay, 'publish'), await stream(relay, 'publish')]
  for (let i = 0; i < messages; i += 1) {
    for (const [at, publisher] of publishers.entries()) publisher.text(`${at} ${i}`)
  }
  for (const publisher of publishers) {
    for (let i = 0; i < messages; i += 1) {
      const { ack } = JSON.parse((await publisher.frames.next()).payload.toString())
      assert.equal(ack.receivers, expected)
    }
    publisher.abort()
  }
}

/** Takes what one receiver got: each number of each publisher once, in its order. */
async function checkNumbers(next: () => Promise<string>): Promise<void> {
  const expected = [0, 0]
  for (let i = 0; i < 2 * messages; i += 1) {
    const [publisher = 0, number] = (await next()).split(' ').map(Number)
    assert.equal(number, expected[publisher], `publisher ${publisher}`)
    expected[publisher] = (number ?? 0) + 1
  }
  assert.deepEqual(expected, [messages, messages])
}

for (const [count, listenerCount] of [
  [0, 0],
  [1, 0],
  [25, 10],
  [1000, 100],
] as const) {
  test(`exactly ${count} receivers get each message, in the order of its publisher`, async () => {
    await using relay = await startMessageRelay({
      tls: 'off',
      maxListenersPerEntity: 1000,
      maxUnauthorizedConnectionsPerAddress: 2000,
      audit: 'off',
    })
    const listeners = []
    for (let i = 0; i < listenerCount; i += 1) listeners.push(await relay.listen('news'))
    const subscribers = []
    for (let i = listenerCount; i < count; i += 1) subscribers.push(await subscribe(relay))
    const checks = [
      ...subscribers.map(({ frames }) => checkNumbers(async () => (await frames.next(60_000)).payload.toString())),
      ...listeners.map((listener) => checkNumbers(async () => (await listener.others.next(60_000)).payload.toString())),
    ]
    await publishNumbers(relay, count)
    await Promise.all(checks)
    assert.equal(await metrics(relay, 'postern_messages_delivered_total'), 2 * messages * count)
    assert.equal(await metrics(relay, 'postern_messages_dropped_total'), 0)
    for (const { frames } of subscribers) assert.equal(frames.size, 0, 'nothing more')
    for (const receiver of [...subscribers, ...listeners.map(({ control }) => control)]) receiver.abort()
  })
}

test('a receiver that stops reading delays nobody, and a subscriber sees its loss once it reads on', {
  timeout: 60_000,
}, async () => {
  await using relay = await startMessageRelay({ messageQueueBytes: '128KiB' })
  const slow = await subscribe(relay)
  const slowListener = await relay.listen('news')
  const fast = await subscribe(relay)
  const request = begin(relay, '/news?sb-hc-action=subscribe', {
    headers: { ServiceBusAuthorization: signToken(relay.access('news').listen) },
  })
  request.end()
  const slowEvents = await head(request)
  slowEvents.pause()
  slow.socket.pause()
  slowListener.control.socket.pause()
  const body = 'x'.repeat(60_000)
  const publisher = await stream(relay, 'publish')
  let counted = 4
  let sent = 0
  while (counted > 1) {
    publisher.text(body)
    counted = JSON.parse((await publisher.frames.next()).payload.toString()).ack.receivers
    assert.equal((await fast.frames.next()).payload.length, body.length)
    sent += 1
    assert.ok(sent < 1000, 'the loss is never counted')
  }
  const dropped = await metrics(relay, 'postern_messages_dropped_total')
  assert.ok(dropped >= 3, `${dropped} dropped`)
  slow.socket.resume()
  for (;;) {
    const { opcode, payload } = await slow.frames.next()
    if (opcode === Opcode.text) continue
    assert.deepEqual([opcode, payload.readUInt16BE()], [Opcode.close, 1013])
    assert.match(payload.subarray(2).toString(), /^Messages were lost/)
    break
  }
  let text = ''
  slowEvents.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-300)
  })
  slowEvents.resume()
  await once(slowEvents, 'end')
  assert.match(text, /event: end\ndata: \{"code":1013,"reason":"Messages were lost/)
  // The listener keeps its channel, and gets what comes after it has read on.
  slowListener.control.socket.resume()
  for (;;) {
    const outcome = await post(relay, 'publish', 'the end')
    if (receivers(outcome) === 2) break
  }
  for (;;) {
    if ((await slowListener.others.next()).payload.toString() === 'the end') break
  }
})

test('messages of one connection keep their order, also when they are pipelined and sent in turns', async () => {
  await using relay = await startMessageRelay({ tls: 'off' })
  const subscriber = await subscribe(relay)
  const token = encodeURIComponent(signToken(relay.access('news').send))
  const [host = '', port = ''] = relay.host.split(':')
  const socket = connect({ host, port: Number(port) })
  let answers = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answers += chunk
  })
  const count = 60
  for (let i = 0; i < count; i += 1) {
    const action = i % 3 === 0 ? 'send' : 'publish'
    const requestHead = `POST /news?sb-hc-action=${action}&sb-hc-token=${token} HTTP/1.1\r\nHost: ${relay.host}\r\nContent-Type: text/plain\r\n`
    const chunked = `Transfer-Encoding: chunked\r\n\r\n${String(i).length.toString(16)}\r\n${i}\r\n0\r\n\r\n`
    const whole = `Content-Length: ${String(i).length}\r\n\r\n${i}`
    socket.write(requestHead + (i % 2 === 0 ? chunked : whole))
  }
  for (let i = 0; i < count; i += 1) assert.equal((await subscriber.frames.next()).payload.toString(), String(i))
  while (answers.split('HTTP/1.1 202').length <= count) await once(socket, 'data')
  socket.destroy()
})

test('a receiver that comes gets what is published after it has come, and one that has gone is not counted', async () => {
  await using relay = await startMessageRelay()
  const first = await subscribe(relay)
  assert.equal(receivers(await post(relay, 'publish', '1')), 1)
  const second = await RawWebSocket.dial({
    url: relay.url('news', 'sb-hc-action=subscribe'),
    headers: { ServiceBusAuthorization: signToken(relay.access('news').listen) },
    protocols: ['app.v1', 'app.v2'],
    tls: relay.tls,
  })
  assert.equal(second.protocol, 'app.v1')
  assert.equal(receivers(await post(relay, 'publish', '2')), 2)
  first.close(1000)
  await first.ended
  assert.equal(receivers(await post(relay, 'publish', '3')), 1)
  assert.equal((await second.frames.next()).payload.toString(), '2')
  assert.equal((await second.frames.next()).payload.toString(), '3')
  second.abort()
  await metrics.until(relay, 'postern_subscribers', 0)
  assert.equal(receivers(await post(relay, 'publish', '4')), 0)
})
