// docs/protocol/messages.md: who gets a message, in which form and in which order.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signToken } from '@postern/testkit'
import { Opcode } from '@postern/websocket'
import { auditRecords } from './audit-records.ts'
import { answer, begin } from './http-client.ts'
import { post, receivers, startMessageRelay, stream, subscribe } from './message-relay.ts'
import { metrics } from './metrics.ts'

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

test('a published message reaches every listener and subscriber once; nobody there is 202 with 0', async () => {
  await using relay = await startMessageRelay()
  assert.equal(receivers(await post(relay, 'publish', 'nobody')), 0)
  const listeners = [await relay.listen('news'), await relay.listen('news')]
  const subscribers = [await subscribe(relay), await subscribe(relay)]
  const answer = await post(relay, 'publish', 'hello', { headers: { 'Content-Type': 'text/plain' } })
  assert.equal(receivers(answer), 4)
  assert.match(String(answer.headers['sb-hc-message-id']), guid)
  assert.equal(answer.body.length, 0)
  for (const { frames } of subscribers) {
    const { opcode, payload } = await frames.next()
    assert.deepEqual([opcode, payload.toString()], [Opcode.text, 'hello'])
  }
  for (const listener of listeners) {
    const { id, method, body, requestHeaders } = await listener.nextRequest()
    assert.deepEqual([id, method, body], [answer.headers['sb-hc-message-id'], 'POST', true])
    assert.equal(requestHeaders['sb-hc-delivery'], 'publish')
    assert.equal(requestHeaders['sb-hc-message-id'], id)
    assert.equal(requestHeaders['Content-Type'], 'text/plain')
    assert.equal((await listener.others.next()).payload.toString(), 'hello')
  }
  assert.equal(await metrics(relay, 'postern_messages_received_total', 'action="publish"'), 2)
  assert.equal(await metrics(relay, 'postern_messages_delivered_total'), 4)
  assert.equal(await metrics(relay, 'postern_message_bytes_total'), 11)
  assert.equal(await metrics(relay, 'postern_subscribers'), 2)
  assert.equal(await metrics(relay, 'postern_messages_dropped_total'), 0)
})

test('a sent message goes to one listener; without listeners to one subscriber; without those it is 502', async () => {
  await using relay = await startMessageRelay()
  const nobody = await post(relay, 'send', 'x')
  assert.equal(nobody.status, 502)
  assert.equal(JSON.parse(nobody.body.toString()).error.code, 'BadGateway')
  const subscriber = await subscribe(relay)
  assert.equal(receivers(await post(relay, 'send', 'to the subscriber')), 1)
  assert.equal((await subscriber.frames.next()).payload.toString(), 'to the subscriber')
  const listener = await relay.listen('news')
  assert.equal(receivers(await post(relay, 'send', '', { path: '/news/sub?a=1' })), 1)
  const { requestTarget, body, requestHeaders } = await listener.nextRequest()
  assert.deepEqual([requestTarget, body, requestHeaders['sb-hc-delivery']], ['/news/sub?a=1', false, 'send'])
  assert.equal(receivers(await post(relay, 'publish', 'last')), 2)
  assert.equal((await subscriber.frames.next()).payload.toString(), 'last', 'the listener had the one before')
})

test('each message of a streaming sender is acknowledged in order, text as text and binary as binary', async () => {
  await using relay = await startMessageRelay()
  const subscriber = await subscribe(relay)
  const listener = await relay.listen('news')
  const sender = await stream(relay, 'publish', 'news/sub', 'q=1&')
  sender.text('héllo')
  sender.binary(Buffer.from([0, 255]))
  sender.text('')
  const acks = [await sender.frames.next(), await sender.frames.next(), await sender.frames.next()].map(
    ({ opcode, payload }) => {
      assert.equal(opcode, Opcode.text)
      return JSON.parse(payload.toString())
    },
  )
  const got = [await subscriber.frames.next(), await subscriber.frames.next(), await subscriber.frames.next()]
  assert.deepEqual(
    got.map(({ opcode, payload }) => [opcode, payload.toString('latin1')]),
    [
      [Opcode.text, Buffer.from('héllo').toString('latin1')],
      [Opcode.binary, '\u0000\u00ff'],
      [Opcode.text, ''],
    ],
  )
  for (const [at, { ack }] of acks.entries()) {
    assert.equal(ack.receivers, 2)
    const request = await listener.nextRequest()
    assert.equal(request.id, ack.id)
    assert.equal(request.requestTarget, '/news/sub?q=1')
    assert.equal(
      request.requestHeaders['Content-Type'],
      at === 1 ? 'application/octet-stream' : 'text/plain; charset=utf-8',
    )
  }
  assert.equal(await metrics(relay, 'postern_streaming_senders'), 1)
  sender.close(1000)
  subscriber.close(1000)
  await sender.ended
  await subscriber.ended
  const ends = (await auditRecords(relay, 5)).filter(({ kind }) => kind === 'stream')
  assert.deepEqual(
    new Set(ends.map(({ action, stream: end }) => `${action}: ${end?.closeReason}`)),
    new Set(['publish: 3 messages, 6 deliveries; 1000', 'subscribe: 3 messages; 1000']),
  )
  await metrics.until(relay, 'postern_streaming_senders', 0)
  await metrics.until(relay, 'postern_subscribers', 0)
})

test('a streaming sender that finds nobody is told so, and goes on', async () => {
  await using relay = await startMessageRelay()
  const sender = await stream(relay, 'send')
  sender.text('x')
  const { nack } = JSON.parse((await sender.frames.next()).payload.toString())
  assert.deepEqual([nack.status, nack.code], [502, 'NoListenersForRequest'])
  const listener = await relay.listen('news')
  sender.text('y')
  assert.equal(JSON.parse((await sender.frames.next()).payload.toString()).ack.receivers, 1)
  await listener.nextRequest()
  assert.equal((await listener.others.next()).payload.toString(), 'y')
})

test('the response to a message is dropped, and its address is answered with 101 and CLOSE 1000 without a record', async () => {
  await using relay = await startMessageRelay()
  const listener = await relay.listen('news')
  await post(relay, 'publish', 'x')
  const { id, address } = await listener.nextRequest()
  const response = { requestId: id, statusCode: 200, responseHeaders: {}, body: true }
  listener.control.text(JSON.stringify({ response }))
  listener.control.binary('unheard')
  for (let i = 0; i < 3; i += 1) {
    const { payload, opcode } = await (await listener.rendezvous(address)).frames.next()
    assert.deepEqual([opcode, payload.readUInt16BE()], [Opcode.close, 1000])
  }
  assert.equal(receivers(await post(relay, 'publish', 'y')), 1)
  const records = await auditRecords(relay, 3)
  assert.deepEqual(
    records.map(({ action }) => action),
    ['listen', 'publish', 'publish'],
  )
  assert.equal(await metrics(relay, 'postern_refusals_total'), 0)
})

test('a sender cannot forge what only the relay says, neither of a message nor of a request', async () => {
  await using relay = await startMessageRelay()
  const listener = await relay.listen('news')
  const forged = { 'SB-HC-Delivery': 'forged', 'sb-hc-message-id': 'forged', 'X-Own': 'kept' }
  await post(relay, 'publish', 'x', { headers: forged, path: '/news?a=1&SB-HC-Other=2' })
  const message = await listener.nextRequest()
  assert.equal(message.requestTarget, '/news?a=1')
  assert.equal(message.requestHeaders['X-Own'], 'kept')
  assert.equal(message.requestHeaders['ServiceBusAuthorization'], undefined)
  assert.ok(!JSON.stringify(message).includes('forged'))
  const request = begin(relay, '/news', {
    headers: { ...forged, ServiceBusAuthorization: signToken(relay.access('news').send) },
  })
  request.end()
  const answered = answer(request)
  const { id, requestHeaders } = await listener.nextRequest()
  assert.deepEqual([requestHeaders['X-Own'], Object.values(requestHeaders).includes('forged')], ['kept', false])
  listener.control.text(
    JSON.stringify({ response: { requestId: id, statusCode: 204, responseHeaders: {}, body: false } }),
  )
  assert.equal((await answered).status, 204)
})
