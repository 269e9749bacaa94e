// The SDK's senders, subscribers and listeners with the relay that they are made for.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { Listener, type ReceivedMessage, type RelayOptions, Sender, subscribe } from '@postern/client'
import { MessageQueue, type TestRelay } from '@postern/testkit'
import { startMessageRelay } from './message-relay.ts'

let relay: TestRelay

before(async () => {
  relay = await startMessageRelay()
})

after(() => relay[Symbol.asyncDispose]())

function options(name: string, right: 'listen' | 'send'): RelayOptions {
  return { connectionString: relay.access(name)[right], tls: relay.tls }
}

async function openSubscription(name = 'news', more: object = {}) {
  const subscription = subscribe({ ...options(name, 'listen'), ...more })
  await subscription.open()
  return { subscription, messages: subscription[Symbol.asyncIterator]() }
}

async function take(messages: AsyncIterator<ReceivedMessage, undefined>): Promise<ReceivedMessage> {
  const { value } = await messages.next()
  assert.ok(value)
  return value
}

test('what is published reaches listeners and subscribers; what is sent reaches one listener', async () => {
  const seen = new MessageQueue<string>()
  await using listener = new Listener({
    ...options('news', 'listen'),
    onRequest: async ({ delivery, messageId, url, ...request }, response) => {
      seen.push(`${delivery} ${messageId} ${url}`)
      response.end(Buffer.alloc(100_000))
      void request
    },
  })
  await listener.open()
  const { subscription, messages } = await openSubscription()
  const sender = new Sender(options('news', 'send'))
  const published = await sender.publish('prices', { suffix: 'eu', query: 'x=1' })
  assert.equal(published.receivers, 2)
  assert.equal(await seen.next(5_000), `publish ${published.messageId} /news/eu?x=1`)
  assert.equal((await take(messages)).data, 'prices')
  const sent = await sender.send('job')
  assert.equal(sent.receivers, 1)
  assert.equal(await seen.next(5_000), `send ${sent.messageId} /news`)
  await subscription.close()
})

test('the content type decides what a subscriber gets', async () => {
  const { subscription, messages } = await openSubscription()
  const sender = new Sender(options('news', 'send'))
  await sender.publish(Buffer.from('{"a":1}'), { contentType: 'application/json' })
  await sender.publish(Buffer.of(255, 0))
  await sender.publish(Buffer.of(255, 0), { contentType: 'text/plain' })
  assert.equal((await take(messages)).data, '{"a":1}')
  assert.deepEqual((await take(messages)).data, new Uint8Array([255, 0]))
  assert.ok(typeof (await take(messages)).data !== 'string')
  await subscription.close()
})

test('2,000 messages over one stream arrive in order, at a slow subscriber too, and each has its receipt', async () => {
  const { subscription, messages } = await openSubscription('news', { maxQueuedBytes: 10_000 })
  await using stream = await new Sender(options('news', 'send')).openMessages('publish')
  const count = 2_000
  let receivers = 0
  const receiving = (async () => {
    for (let index = 0; index < count; index += 1) assert.equal((await take(messages)).data, `m${index}`)
  })()
  for (let index = 0; index < count; index += 1) {
    await stream.ready
    stream.send(`m${index}`).then(
      (receipt) => (receivers += receipt.receivers),
      () => {},
    )
  }
  await stream.close()
  await receiving
  assert.equal(receivers, count)
  await subscription.close()
})

test('a subscriber that does not read learns that it lost messages, and gets what is published later', async () => {
  const { subscription, messages } = await openSubscription('news', { maxQueuedBytes: 1, random: () => 0 })
  const lost = once(subscription, 'lost', { signal: AbortSignal.timeout(20_000) })
  await using stream = await new Sender(options('news', 'send')).openMessages('publish')
  const body = Buffer.alloc(60_000)
  let dropped = 0
  // Until buffers of both systems are full, and then those of the relay.
  for (let index = 0; index < 2_000 && dropped === 0; index += 1) {
    if ((await stream.send(body)).receivers === 0) dropped += 1
  }
  assert.equal(dropped, 1)
  const online = once(subscription, 'online', { signal: AbortSignal.timeout(20_000) })
  const reading = (async () => {
    for (;;) {
      const message = await take(messages)
      if (message.data === 'later') return message
    }
  })()
  assert.equal((await lost)[0].reason, 'slow')
  await online
  await stream.send('later')
  assert.equal((await reading).loss?.reason, 'slow')
  await subscription.close()
})

test('refusals have their codes: disabled, without a right, nobody there, too large for the relay', async () => {
  const plain = new Sender(options('plain', 'send'))
  await assert.rejects(plain.send('x'), { code: 'ActionDisabled', httpStatus: 403, isTransient: false })
  await assert.rejects(plain.openMessages('publish'), { code: 'ActionDisabled' })
  await assert.rejects(subscribe(options('plain', 'listen')).open(), { code: 'ActionDisabled' })
  const open = new Sender(options('open', 'send'))
  await assert.rejects(open.send('x'), { code: 'NoListenersForRequest', isTransient: true })
  assert.equal((await open.publish('x')).receivers, 0)
  await assert.rejects(open.publish(Buffer.alloc(65_537), { maxMessageBytes: 100_000 }), { code: 'MessageTooLarge' })
  await using stream = await open.openMessages('send')
  await assert.rejects(stream.send('x'), { code: 'NoListenersForRequest' })
})
