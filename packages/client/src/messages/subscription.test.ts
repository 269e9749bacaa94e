import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { StubRelay } from '@postern/testkit'
import type { WebSocket } from 'ws'
import { subscribe } from './subscription.ts'
import type { ReceivedMessage, SubscribeOptions } from './subscription-options.ts'

const signal = () => AbortSignal.timeout(5_000)

/** Delays are as short as they can be. */
const random = () => 0

async function nextChannel(relay: StubRelay): Promise<[WebSocket, IncomingMessage]> {
  const [socket, request] = (await once(relay, 'rendezvous', { signal: signal() })) as [WebSocket, IncomingMessage]
  socket.on('error', () => {})
  return [socket, request]
}

async function open(relay: StubRelay, options: Partial<SubscribeOptions> = {}) {
  const arrival = nextChannel(relay)
  const subscription = subscribe({ ...relay.location, path: 'events', random, ...options })
  await subscription.open()
  const [socket, request] = await arrival
  return { subscription, socket, request, messages: subscription[Symbol.asyncIterator]() }
}

async function take(messages: AsyncIterator<ReceivedMessage, undefined>): Promise<ReceivedMessage> {
  const { value } = await messages.next()
  assert.ok(value)
  return value
}

test('text and bytes arrive as what they are, in order', async () => {
  await using relay = await StubRelay.start()
  const { subscription, socket, request, messages } = await open(relay)
  assert.match(request.url ?? '', /^\/\$hc\/events\?sb-hc-action=subscribe&/)
  socket.send('grün')
  socket.send(Buffer.of(0, 255))
  const [text, bytes] = [await take(messages), await take(messages)]
  assert.equal(text.data, 'grün')
  assert.deepEqual(Buffer.from(bytes.data as Uint8Array), Buffer.of(0, 255))
  assert.ok(Math.abs(Date.now() - text.receivedAtMs) < 5_000)
  assert.equal(text.loss, undefined)
  await subscription.close()
})

test('a loop begins it, and leaving the loop ends it with CLOSE 1000', async () => {
  await using relay = await StubRelay.start()
  const arrival = nextChannel(relay)
  const seen: unknown[] = []
  const loop = (async () => {
    for await (const { data } of subscribe({ ...relay.location, path: 'events' })) {
      seen.push(data)
      if (seen.length === 2) break
    }
  })()
  const [socket] = await arrival
  const closed = once(socket, 'close', { signal: signal() })
  for (const text of ['a', 'b', 'c']) socket.send(text)
  await loop
  assert.deepEqual(seen, ['a', 'b'])
  assert.equal((await closed)[0], 1000)
})

for (const [code, text, reason] of [
  [1013, 'Too slow', 'slow'],
  [1001, 'The relay is starting or draining', 'away'],
] as const) {
  test(`after ${code} it subscribes again and says that messages may have been lost (${reason})`, async () => {
    await using relay = await StubRelay.start()
    const { subscription, socket, messages } = await open(relay)
    socket.send('before')
    const lost = once(subscription, 'lost', { signal: signal() })
    const again = nextChannel(relay)
    socket.close(code, text)
    assert.equal((await lost)[0].reason, reason)
    const [second] = await again
    second.send('after')
    second.send('later')
    assert.equal((await take(messages)).loss, undefined)
    const { data, loss } = await take(messages)
    assert.equal(data, 'after')
    assert.equal(loss?.reason, reason)
    assert.match(loss?.error.message ?? '', new RegExp(`${code} ${text}`))
    assert.equal((await take(messages)).loss, undefined)
    await subscription.close()
  })
}

test('a relay that dies and comes back is found again', async () => {
  const relay = await StubRelay.start()
  const { port } = relay
  const { subscription, messages } = await open(relay)
  const offline = once(subscription, 'offline', { signal: signal() })
  await relay.kill()
  assert.equal((await offline)[0].code, 'ConnectionFailed')
  await using next = await StubRelay.start(port)
  const [socket] = await nextChannel(next)
  socket.send('hello again')
  const { data, loss } = await take(messages)
  assert.deepEqual([data, loss?.reason], ['hello again', 'away'])
  await subscription.close()
})

test('every channel has a token of its time, a fresh one after the last has expired', async () => {
  await using relay = await StubRelay.start()
  let given = 0
  const tokenProvider = { getToken: async ({ fresh = false }) => ({ text: `${fresh} ${(given += 1)}` }) }
  const { subscription, socket, request } = await open(relay, { tokenProvider })
  assert.equal(request.headers['servicebusauthorization'], 'false 1')
  const again = nextChannel(relay)
  socket.close(1008, 'ExpiredToken: The token of the control channel has expired')
  assert.equal((await again)[1].headers['servicebusauthorization'], 'true 2')
  await subscription.close()
})

test('a first attempt that is hopeless ends the loop, and open, with the reason', async () => {
  await using relay = await StubRelay.start()
  relay.decide = () => ({ status: 404, reason: 'Endpoint does not exist' })
  const options = { ...relay.location, path: 'events' }
  await assert.rejects(
    async () => {
      for await (const _ of subscribe(options)) assert.fail('there is nothing')
    },
    { code: 'EndpointNotFound' },
  )
  await assert.rejects(subscribe(options).open(), { code: 'EndpointNotFound' })
})

test('a first attempt that may pass is repeated', async () => {
  await using relay = await StubRelay.start()
  let attempts = 0
  relay.decide = () => ((attempts += 1) < 3 ? { status: 503, reason: '' } : undefined)
  const { subscription } = await open(relay, {})
  assert.equal(attempts, 3)
  await subscription.close()
})

test('the signal ends the loop with its reason, also during an attempt', async () => {
  await using relay = await StubRelay.start()
  relay.decide = () => 'hang'
  const abort = new AbortController()
  const subscription = subscribe({ ...relay.location, path: 'events', signal: abort.signal })
  const next = subscription[Symbol.asyncIterator]().next()
  const opening = subscription.open()
  await once(relay, 'handshake', { signal: signal() })
  abort.abort(new Error('enough'))
  await assert.rejects(next, { message: 'enough' })
  await assert.rejects(opening, { message: 'enough' })
  await subscription.close()
  assert.equal(subscription.state, 'closed')
})

test('what had arrived before close is still given', async () => {
  await using relay = await StubRelay.start()
  const { subscription, socket, messages } = await open(relay)
  socket.send('a')
  socket.send('b')
  assert.equal((await take(messages)).data, 'a')
  await subscription.close()
  assert.equal((await messages.next()).done, false)
  assert.equal((await messages.next()).done, true)
})

test('a consumer that is slow stops the reading, and misses nothing that was written', async () => {
  await using relay = await StubRelay.start()
  const { subscription, socket, messages } = await open(relay, { maxQueuedBytes: 65_536 })
  const count = 600
  // More than all the buffers between the two ends hold.
  const text = (index: number): string => String(index).padEnd(60_000, '.')
  for (let index = 0; index < count; index += 1) socket.send(text(index))
  await once(subscription, 'full', { signal: AbortSignal.timeout(100) }).catch(() => {})
  assert.ok(socket.bufferedAmount > 0, 'everything was read')
  for (let index = 0; index < count; index += 1) assert.equal((await take(messages)).data, text(index))
  await subscription.close()
})

test('a message larger than it takes ends the channel and is a loss', async () => {
  await using relay = await StubRelay.start()
  const { subscription, socket } = await open(relay, { maxMessageBytes: 10 })
  const lost = once(subscription, 'lost', { signal: signal() })
  const closed = once(socket, 'close', { signal: signal() })
  socket.send('12345678901')
  assert.equal((await closed)[0], 1009)
  assert.match((await lost)[0].error.message, /larger than this subscriber takes/)
  await subscription.close()
})

test('one that never began is closed once, and its loop is empty', async () => {
  const subscription = subscribe({ host: '127.0.0.1', port: 1, tls: false, path: 'events' })
  let closed = 0
  subscription.on('closed', () => {
    closed += 1
  })
  await subscription.close()
  await subscription.close()
  for await (const _ of subscription) assert.fail('there is nothing')
  assert.equal(closed, 1)
})
