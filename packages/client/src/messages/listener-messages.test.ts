import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { StubRelay } from '@postern/testkit'
import { Listener } from '../listener/listener.ts'

const signal = () => AbortSignal.timeout(5_000)

interface Request {
  readonly id: string
  readonly headers?: Readonly<Record<string, string>>
}

/** A listener whose small and large answers are told apart by what the relay hears of them. */
async function open(relay: StubRelay) {
  const handled = new Map<string, PromiseWithResolvers<string>>()
  const listener = new Listener({
    ...relay.location,
    path: 'events',
    onRequest: async ({ id, delivery, messageId }, response) => {
      response.end(Buffer.alloc(id.startsWith('large') ? 200_000 : 5))
      await new Promise((resolve) => response.once('close', resolve))
      handled.get(id)?.resolve(`${delivery} ${messageId}`)
    },
  })
  await listener.open({ signal: signal() })
  const { socket } = await relay.listener()
  return {
    [Symbol.asyncDispose]: () => listener.close(),
    /** Resolves when the handler is done with its response. */
    request({ id, headers = {} }: Request): Promise<string> {
      const done = Promise.withResolvers<string>()
      handled.set(id, done)
      const address = `ws://127.0.0.1:${relay.port}/$hc/events?sb-hc-action=request&sb-hc-id=${id}`
      const remoteEndpoint = { address: '192.0.2.7', port: 1 }
      const message = { address, id, requestTarget: '/events', method: 'POST', remoteEndpoint, body: false }
      socket.send(JSON.stringify({ request: { ...message, requestHeaders: headers } }))
      return done.promise
    },
  }
}

test('a message says how it was delivered, and whatever the handler answers, nothing is sent and no rendezvous opened', async () => {
  await using relay = await StubRelay.start()
  let rendezvous = 0
  relay.on('rendezvous', () => {
    rendezvous += 1
  })
  await using site = await open(relay)
  const headers = { 'sb-hc-delivery': 'publish', 'sb-hc-message-id': '6d0f' }
  assert.equal(await site.request({ id: 'small-1', headers }), 'publish 6d0f')
  assert.equal(await site.request({ id: 'large-2', headers: { ...headers, 'sb-hc-delivery': 'send' } }), 'send 6d0f')
  // An ordinary request on the same channel is answered as ever: whatever had been said before would stand before it.
  const answered = once(relay, 'message', { signal: signal() })
  assert.equal(await site.request({ id: 'small-3' }), 'undefined undefined')
  assert.equal((await answered)[0].response.requestId, 'small-3')
  assert.equal(rendezvous, 0)
})

test('what no relay says makes no message of a request', async () => {
  await using relay = await StubRelay.start()
  await using site = await open(relay)
  const headers = { 'sb-hc-delivery': 'broadcast', 'sb-hc-message-id': '6d0f' }
  assert.equal(await site.request({ id: 'small-1', headers }), 'undefined undefined')
})
