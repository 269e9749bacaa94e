// docs/protocol/messages.md, "Sending one message" and "Limits": what is malformed, hostile or too much.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { signToken, type TestRelay } from '@postern/testkit'
import { Opcode } from '@postern/websocket'
import { auditRecords } from './audit-records.ts'
import { begin, head, send } from './http-client.ts'
import { post, receivers, startMessageRelay, stream, subscribe } from './message-relay.ts'
import { metrics } from './metrics.ts'

const limit = 65_536

function open(relay: TestRelay): Socket {
  const [host = '', port = ''] = relay.host.split(':')
  return connect({ host, port: Number(port) })
}

/** What comes until the relay ends the connection. */
async function answerOf(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  socket.on('error', () => {})
  await once(socket, 'close')
  return text
}

function headOf(relay: TestRelay, lines: readonly string[] = [], query = ''): string {
  const token = encodeURIComponent(signToken(relay.access('news').send))
  return [
    `POST /news?${query}sb-hc-action=publish&sb-hc-token=${token} HTTP/1.1`,
    `Host: ${relay.host}`,
    ...lines,
    '',
    '',
  ].join('\r\n')
}

test('a message may have 64 KiB and not one byte more, by POST with and without length, and by WebSocket', async () => {
  await using relay = await startMessageRelay()
  const listener = await relay.listen('news')
  for (const [bytes, status] of [
    [limit - 1, 202],
    [limit, 202],
    [limit + 1, 413],
  ] as const) {
    const body = Buffer.alloc(bytes, 1)
    const known = await post(relay, 'publish', body)
    assert.equal(known.status, status, `${bytes} bytes`)
    const chunked = await post(relay, 'publish', body, { headers: { 'Transfer-Encoding': 'chunked' } })
    assert.equal(chunked.status, status, `${bytes} bytes in chunks`)
    if (status === 413) assert.match(known.body.toString(), /The message is too large\. TrackingId/)
    else for (let i = 0; i < 2; i += 1) assert.equal((await listener.others.next()).payload.length, bytes)
  }
  const sender = await stream(relay, 'publish')
  sender.binary(Buffer.alloc(limit, 1))
  assert.equal(JSON.parse((await sender.frames.next()).payload.toString()).ack.receivers, 1)
  assert.equal((await listener.others.next()).payload.length, limit)
  sender.binary(Buffer.alloc(limit + 1, 1))
  const { opcode, payload } = await sender.frames.next()
  assert.deepEqual([opcode, payload.readUInt16BE()], [Opcode.close, 1009])
  assert.equal(listener.others.size, 0, 'nothing of it was delivered')
})

test('a fragmented message is one message; one that is no UTF-8 ends the sender with 1007', async () => {
  await using relay = await startMessageRelay()
  const subscriber = await subscribe(relay)
  const sender = await stream(relay, 'publish')
  sender.send(Opcode.text, Buffer.from([0xe2]), { fin: false })
  for (let i = 0; i < 5000; i += 1) sender.send(Opcode.continuation, '', { fin: false })
  sender.send(Opcode.ping, 'still there')
  sender.send(Opcode.continuation, Buffer.from([0x82, 0xac]))
  assert.equal((await sender.frames.next()).opcode, Opcode.pong)
  assert.equal(JSON.parse((await sender.frames.next()).payload.toString()).ack.receivers, 1)
  assert.equal((await subscriber.frames.next()).payload.toString(), '€')
  sender.send(Opcode.text, Buffer.from([0xff]))
  assert.equal((await sender.frames.next()).payload.readUInt16BE(), 1007)
  const compressed = await stream(relay, 'publish')
  compressed.send(Opcode.text, 'x', { rsv1: true })
  assert.equal((await compressed.frames.next()).payload.readUInt16BE(), 1002)
})

test('whatever a subscriber sends ends it with 1003; thousands of pings do not, and cost nobody else anything', async () => {
  await using relay = await startMessageRelay()
  const talker = await subscribe(relay)
  const pinger = await subscribe(relay)
  for (let i = 0; i < 5000; i += 1) pinger.send(Opcode.ping, String(i))
  talker.text('hello')
  const { opcode, payload } = await talker.frames.next()
  assert.deepEqual([opcode, payload.readUInt16BE()], [Opcode.close, 1003])
  assert.equal(receivers(await post(relay, 'publish', 'x')), 1, 'who was closed is no receiver')
  for (;;) {
    const frame = await pinger.frames.next()
    if (frame.opcode === Opcode.pong) continue
    assert.equal(frame.payload.toString(), 'x')
    break
  }
  assert.equal(talker.frames.size, 0)
  const early = await subscribe(relay)
  early.binary('')
  assert.equal((await early.frames.next()).payload.readUInt16BE(), 1003)
})

test('other methods are 405 with Allow, and every refusal has a text body that a page may read', async () => {
  await using relay = await startMessageRelay()
  for (const [action, method, allow] of [
    ['publish', 'GET', 'POST, OPTIONS'],
    ['send', 'PUT', 'POST, OPTIONS'],
    ['subscribe', 'POST', 'GET, OPTIONS'],
    ['Subscribe', 'DELETE', 'GET, OPTIONS'],
  ] as const) {
    const refusal = await send(relay, `/news?sb-hc-action=${action}`, { method })
    assert.deepEqual([refusal.status, refusal.headers['allow']], [405, allow])
    assert.match(refusal.body.toString(), /"code":"MethodNotAllowed"/)
    assert.equal(refusal.headers['access-control-allow-origin'], '*')
  }
  const stranger = await send(relay, '/news?sb-hc-action=publish', { method: 'POST' }, 'x')
  assert.deepEqual([stranger.status, stranger.headers['access-control-allow-origin']], [401, '*'])
})

test('a preflight is answered by the relay, without a token and without a word about what there is', async () => {
  await using relay = await startMessageRelay()
  for (const name of ['news', 'nowhere', 'plain']) {
    const preflight = await send(relay, `/${name}?sb-hc-action=publish`, {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://page.example',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization',
      },
    })
    assert.equal(preflight.status, 204)
    assert.equal(preflight.headers['access-control-allow-origin'], '*')
    assert.equal(preflight.headers['access-control-allow-methods'], 'POST')
    assert.match(String(preflight.headers['access-control-allow-headers']), /Authorization/)
    assert.equal(preflight.headers['access-control-allow-credentials'], undefined)
  }
  const answer = await post(relay, 'publish', 'x', { headers: { Origin: 'https://page.example' } })
  assert.equal(answer.headers['access-control-allow-origin'], '*')
  assert.match(String(answer.headers['access-control-expose-headers']), /sb-hc-receivers/)
})

test('more messages in a second than the limit are 429 with Retry-After, and a nack for a stream', async () => {
  await using relay = await startMessageRelay({ maxMessagesPerSecond: 2 })
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => post(relay, 'publish', String(i))))
  const refusals = answers.filter(({ status }) => status === 429)
  assert.ok(refusals.length >= 1)
  assert.equal(refusals[0]?.headers['retry-after'], '1')
  assert.match(refusals[0]?.body.toString() ?? '', /Too many messages/)
  const sender = await stream(relay, 'publish')
  const count = 50
  for (let i = 0; i < count; i += 1) sender.text(String(i))
  const told = []
  for (let i = 0; i < count; i += 1) told.push(JSON.parse((await sender.frames.next()).payload.toString()))
  assert.deepEqual(told.find(({ nack }) => nack !== undefined)?.nack, {
    status: 429,
    code: 'TooManyMessages',
    reason: 'Too many messages are sent to the hybrid connection',
  })
})

test('messages beyond the limit have no records of their own in the audit log once they are a flood', async () => {
  await using relay = await startMessageRelay({ tls: 'off', maxMessagesPerSecond: 1 })
  const count = 300
  const socket = open(relay)
  const one = headOf(relay, ['Content-Length: 1']) + 'x'
  socket.write(one.repeat(count - 1) + headOf(relay, ['Content-Length: 1', 'Connection: close']) + 'x')
  const statuses = [...(await answerOf(socket)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
  assert.equal(statuses.length, count)
  const taken = statuses.filter((status) => status === '202').length
  const records = (await auditRecords(relay, taken)).filter((record) => record.kind === 'decision')
  assert.equal(records.filter(({ result }) => result === 'allowed').length, taken)
  const failed = records.filter(({ result }) => result === 'failed')
  assert.ok(failed.length >= 1 && failed.length <= 200, String(failed.length))
  assert.match(failed[0]?.reason ?? '', /^TooManyMessages: /)
})

test('a body that does not end, in chunks or short of its length, is 408 and delivered to nobody', async () => {
  await using relay = await startMessageRelay({ tls: 'off', httpResponseTimeout: '300ms' })
  const subscriber = await subscribe(relay)
  for (const rest of [
    headOf(relay, ['Transfer-Encoding: chunked']) + '5\r\nhello\r\n',
    headOf(relay, ['Content-Length: 10']) + 'hello',
  ]) {
    const socket = open(relay)
    socket.write(rest)
    assert.match(await answerOf(socket), /^HTTP\/1\.1 408 .*\r\n[^]*The request was not received in the allowed time/)
  }
  const endless = open(relay)
  endless.write(headOf(relay, ['Transfer-Encoding: chunked']))
  for (let i = 0; i < 20; i += 1) endless.write(`1000\r\n${'x'.repeat(4096)}\r\n`)
  assert.match(await answerOf(endless), /^HTTP\/1\.1 413 /)
  const gone = open(relay)
  gone.write(headOf(relay, ['Content-Length: 10']) + 'hello')
  gone.end()
  await answerOf(gone)
  await metrics.until(relay, 'postern_messages_received_total', 0)
  assert.equal(subscriber.frames.size, 0)
})

test('a request that waits for 100 Continue is told so only when its message is wanted', async () => {
  await using relay = await startMessageRelay({ tls: 'off' })
  const socket = open(relay)
  socket.write(headOf(relay, ['Content-Length: 2', 'Expect: 100-continue', 'Connection: close']))
  const [first] = await once(socket, 'data')
  assert.equal(String(first), 'HTTP/1.1 100 Continue\r\n\r\n')
  socket.write('ok')
  assert.match(await answerOf(socket), /^HTTP\/1\.1 202 /)
  const large = open(relay)
  large.write(headOf(relay, ['Content-Length: 70000', 'Expect: 100-continue']))
  assert.match(await answerOf(large), /^HTTP\/1\.1 413 /)
})

test('no header, suffix or query can break out of what a listener or a stream of events is told', async () => {
  await using relay = await startMessageRelay({ tls: 'off' })
  const listener = await relay.listen('news')
  const evil = 'text/plain"}},{"response":{"x":"\\u0022'
  const socket = open(relay)
  socket.write(
    headOf(relay, [`Content-Type: ${evil}`, 'Content-Length: 1', 'Connection: close'], 'a=%0d%0aX-Evil:1&"}&') + 'x',
  )
  assert.match(await answerOf(socket), /^HTTP\/1\.1 202 /)
  const request = await listener.nextRequest()
  assert.equal(request.requestHeaders['Content-Type'], evil)
  assert.match(request.requestTarget, /^\/news\?a=%0d%0aX-Evil:1&/i)
  const split = open(relay)
  split.write(headOf(relay, ['Content-Type: a\rX-Evil: 1', 'Content-Length: 1', 'Connection: close']) + 'x')
  assert.match(await answerOf(split), /^HTTP\/1\.1 400 /)
})

test('headers beyond what a listener may have are 431, whether or not there is one', async () => {
  await using relay = await startMessageRelay()
  const large = { 'X-Large': '"'.repeat(20_000) }
  const refusal = await post(relay, 'publish', 'x', { headers: large })
  assert.equal(refusal.status, 431)
  assert.match(refusal.body.toString(), /The headers are too large/)
})

test('a stream of events carries text by lines and anything else as Base64, and nothing that is forged', async () => {
  await using relay = await startMessageRelay()
  const request = begin(relay, '/news?sb-hc-action=subscribe', {
    headers: { ServiceBusAuthorization: signToken(relay.access('news').listen), Accept: 'text/event-stream' },
  })
  request.end()
  const response = await head(request)
  assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8')
  assert.equal(response.headers['cache-control'], 'no-store')
  assert.equal(response.headers['access-control-allow-origin'], '*')
  const bodies: [type: string, body: string | Buffer][] = [
    ['text/plain', 'one\r\ntwo\rthree\n\nevent: end\ndata: {}\n\n'],
    ['application/json', '{"a":1}'],
    ['application/soap+xml; charset=utf-8', '<a/>'],
    ['application/octet-stream', Buffer.from([0, 1])],
    ['text/plain', Buffer.from([0xff])],
    ['text/plain', ''],
  ]
  const ids = []
  for (const [type, body] of bodies) {
    ids.push(
      String((await post(relay, 'publish', body, { headers: { 'Content-Type': type } })).headers['sb-hc-message-id']),
    )
  }
  let text = ''
  response.setEncoding('utf8')
  for await (const chunk of response) {
    text += String(chunk)
    if (text.endsWith(`id: ${ids.at(-1)}\ndata: \n\n`)) break
  }
  assert.equal(
    text,
    [
      ':',
      `id: ${ids[0]}\ndata: one\ndata: two\ndata: three\ndata: \ndata: event: end\ndata: data: {}\ndata: \ndata: `,
      `id: ${ids[1]}\ndata: {"a":1}`,
      `id: ${ids[2]}\ndata: <a/>`,
      `event: binary\nid: ${ids[3]}\ndata: AAE=`,
      `event: binary\nid: ${ids[4]}\ndata: /w==`,
      `id: ${ids[5]}\ndata: `,
      '',
    ].join('\n\n'),
  )
  await metrics.until(relay, 'postern_subscribers', 0)
})

test('a sender that does not read its answers is not read, and others are not concerned', {
  timeout: 60_000,
}, async () => {
  await using relay = await startMessageRelay({ tls: 'off' })
  const deaf = await stream(relay, 'publish')
  deaf.socket.pause()
  const burst = Buffer.alloc(100, 1)
  let isTaken = true
  for (let i = 0; isTaken && i < 4000; i += 1) {
    for (let k = 0; k < 100; k += 1) deaf.binary(burst)
    isTaken = deaf.socket.writableLength < 4 * 1024 * 1024
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(isTaken, false, 'the relay reads on although nobody takes its answers')
  assert.equal(receivers(await postPlain(relay)), 0)
  deaf.abort()
})

/** One message to a relay without TLS. */
async function postPlain(relay: TestRelay) {
  const socket = open(relay)
  socket.write(headOf(relay, ['Content-Length: 1', 'Connection: close']) + 'x')
  const text = await answerOf(socket)
  const found = /sb-hc-receivers: (\d+)/i.exec(text)?.[1]
  return {
    status: Number(text.slice(9, 12)),
    reason: '',
    headers: { 'sb-hc-receivers': found },
    body: Buffer.from(text),
  }
}
