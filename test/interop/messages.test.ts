// Messages with clients that know nothing of them: hyco-https as npm delivers it is a receiver, `ws` a sender and a subscriber.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { Sender } from '@postern/client'
import { parseConnectionString } from '@postern/protocol'
import { MessageQueue, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { WebSocket } from 'ws'
import { ClientProcess } from './client-process.ts'

const signal = () => AbortSignal.timeout(20_000)

const actions = ['request', 'send', 'publish', 'subscribe'] as const

function startMessageRelay(): Promise<TestRelay> {
  return startTestRelay({
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [{ name: 'root', rights: ['Listen', 'Send', 'Manage'] }],
          hybridConnections: [
            { name: 'jobs', actions },
            { name: 'news', actions },
          ],
        },
      ],
    },
  })
}

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

describe('hyco-https, unchanged, receives messages', { timeout: 120_000 }, () => {
  let relay: TestRelay
  let listener: ClientProcess
  let sender: Sender

  before(async () => {
    relay = await startMessageRelay()
    listener = await ClientProcess.start('hyco-https-peer.cjs', { caPem: relay.relay.caPem ?? '' })
    const { keyName, key } = parseConnectionString(relay.access('jobs').send)
    await listener.call('listen', { url: relay.url('jobs', 'sb-hc-action=listen'), keyName, key })
    await listener.next('listening')
    sender = new Sender({ connectionString: relay.access('jobs').send, tls: relay.tls })
  })

  after(async () => {
    listener?.[Symbol.dispose]()
    await relay?.[Symbol.asyncDispose]()
  })

  for (const action of ['send', 'publish'] as const) {
    for (const bytes of [10, 200_000]) {
      test(`by ${action}, and survives that nobody takes its response of ${bytes} bytes`, async () => {
        const options = { suffix: 'message', query: `bytes=${bytes}`, headers: { 'X-Kind': 'job' } }
        const { receivers, messageId } = await sender[action](`work for ${bytes}`, options)
        assert.equal(receivers, 1)
        const { method, url, headers, body } = await listener.next<Seen>('message')
        assert.deepEqual([method, url, body], ['POST', `/jobs/message?bytes=${bytes}`, `work for ${bytes}`])
        assert.deepEqual(
          ['sb-hc-delivery', 'sb-hc-message-id', 'x-kind', 'content-type'].map((name) => headers[name]),
          [action, messageId, 'job', 'text/plain; charset=utf-8'],
        )
        // It lives, and serves who waits for a response.
        const token = signToken(relay.access('jobs').send)
        const port = Number(new URL(relay.relay.data).port)
        const request = { port, path: '/jobs/echo', method: 'POST', body: Buffer.from('still there?'), token }
        const reply = await listener.call<{ status: number; body: Uint8Array }>('request', request)
        assert.deepEqual([reply.status, Buffer.from(reply.body).toString()], [200, 'still there?'])
      })
    }
  }

  test('200 messages in a row, and their order', async () => {
    await using messages = await sender.openMessages('send', { suffix: 'message', query: 'bytes=70000' })
    for (let index = 0; index < 200; index += 1) {
      await messages.ready
      void messages.send(`job ${index}`)
    }
    await messages.close()
    for (let index = 0; index < 200; index += 1) {
      assert.equal((await listener.next<Seen>('message')).body, `job ${index}`)
    }
  })
})

describe('ws sends and subscribes', { timeout: 60_000 }, () => {
  let relay: TestRelay

  before(async () => {
    relay = await startMessageRelay()
  })

  after(() => relay[Symbol.asyncDispose]())

  /** Everything stands in the address, as a browser would have it. */
  async function open(action: 'publish' | 'subscribe' | 'send', name = 'news') {
    const access = relay.access(name)
    const token = encodeURIComponent(signToken(action === 'subscribe' ? access.listen : access.send))
    const socket = new WebSocket(relay.url(name, `sb-hc-action=${action}&sb-hc-token=${token}`), relay.tls)
    const received = new MessageQueue<string | Buffer>()
    socket.on('message', (data: Buffer, isBinary) => received.push(isBinary ? data : data.toString()))
    await once(socket, 'open', { signal: signal() })
    return { socket, received }
  }

  test('each message is answered in order and reaches every subscriber once, text as text and bytes as bytes', async () => {
    const subscribers = await Promise.all([open('subscribe'), open('subscribe'), open('subscribe')])
    const { socket, received } = await open('publish')
    for (let index = 0; index < 100; index += 1) socket.send(`price ${index}`)
    socket.send(Buffer.of(0, 255))
    const ids = new Set<string>()
    for (let index = 0; index < 101; index += 1) {
      const { ack } = JSON.parse(String(await received.next(20_000))) as { ack: { receivers: number; id: string } }
      assert.equal(ack.receivers, 3)
      ids.add(ack.id)
    }
    assert.equal(ids.size, 101)
    for (const { socket: subscriber, received: news } of subscribers) {
      for (let index = 0; index < 100; index += 1) assert.equal(await news.next(20_000), `price ${index}`)
      assert.deepEqual(await news.next(20_000), Buffer.of(0, 255))
      subscriber.close()
    }
    socket.close()
  })

  test('a message for nobody is a nack, and the sender goes on', async () => {
    const { socket, received } = await open('send', 'jobs')
    socket.send('anybody?')
    const { nack } = JSON.parse(String(await received.next(20_000))) as { nack: { status: number; code: string } }
    assert.deepEqual([nack.status, nack.code], [502, 'NoListenersForRequest'])
    const { socket: subscriber, received: jobs } = await open('subscribe', 'jobs')
    socket.send('now?')
    assert.match(String(await received.next(20_000)), /"ack":\{"receivers":1/)
    assert.equal(await jobs.next(20_000), 'now?')
    subscriber.close()
    socket.close()
  })

  test('a subscriber that speaks is closed with 1003', async () => {
    const { socket } = await open('subscribe')
    socket.send('may I say something?')
    const [code] = await once(socket, 'close', { signal: signal() })
    assert.equal(code, 1003)
  })
})
