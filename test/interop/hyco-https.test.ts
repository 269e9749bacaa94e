// hyco-https exactly as npm delivers it, listener and sender in processes of their own; only host, port and CA are ours.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { parseConnectionString } from '@postern/protocol'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { ClientProcess } from './client-process.ts'
import { startLastingRelay } from './lasting-relay.ts'

interface Reply {
  readonly status: number
  readonly reason: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

interface RequestOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  readonly chunks?: readonly Buffer[]
  /** Instead of one that is signed with the entity's key. */
  readonly token?: string
}

/** An application of hyco-https that can listen and send at one relay. */
class HycoHttps implements Disposable {
  readonly process: ClientProcess
  readonly #relay: TestRelay

  private constructor(process: ClientProcess, relay: TestRelay) {
    this.process = process
    this.#relay = relay
  }

  static async start(relay: TestRelay, environment: Record<string, string> = {}): Promise<HycoHttps> {
    const process = await ClientProcess.start('hyco-https-peer.cjs', { caPem: relay.relay.caPem!, environment })
    return new HycoHttps(process, relay)
  }

  /** Starts the listener and waits until it is connected. */
  async listen(name = 'echo', options: { readonly seconds?: number; readonly token?: string } = {}): Promise<void> {
    await this.process.call('listen', {
      url: this.#relay.url(name, 'sb-hc-action=listen'),
      ...this.#rule(name),
      ...options,
    })
    await this.process.next('listening')
  }

  async request(path: string, options: RequestOptions = {}): Promise<Reply> {
    const rule = options.token === undefined ? this.#rule(path.split('/')[1]!) : {}
    const port = Number(new URL(this.#relay.relay.data).port)
    const reply = await this.process.call<Reply>('request', { port, path, ...rule, ...options })
    return { ...reply, body: Buffer.from(reply.body) }
  }

  #rule(name: string): { readonly keyName: string | undefined; readonly key: string | undefined } {
    const { keyName, key } = parseConnectionString(this.#relay.access(name).send)
    return { keyName, key }
  }

  [Symbol.dispose](): void {
    this.process[Symbol.dispose]()
  }
}

const seen = (reply: Reply): Seen => JSON.parse(reply.headers['x-seen']!)

const megabyte = randomBytes(1024 * 1024)

describe('hyco-https', () => {
  let relay: TestRelay
  let listener: HycoHttps
  let sender: HycoHttps

  before(async () => {
    relay = await startTestRelay()
    ;[listener, sender] = await Promise.all([HycoHttps.start(relay), HycoHttps.start(relay)])
    await listener.listen()
  })

  after(async () => {
    sender[Symbol.dispose]()
    listener[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('a GET reaches the listener with path, query and headers, and without its token', async () => {
    const reply = await sender.request('/echo/echo/a%20b?x=1&y=%C3%A9', { headers: { 'X-Custom': 'v1' } })
    assert.equal(reply.status, 200)
    assert.equal(reply.reason, 'OK')
    assert.match(reply.headers['via']!, /^1\.1 localhost/)
    const { method, url, headers } = seen(reply)
    assert.equal(method, 'GET')
    assert.equal(url, '/echo/echo/a b?x=1&y=%C3%A9')
    assert.equal(headers['x-custom'], 'v1')
    assert.equal(headers['host'], relay.host)
    assert.equal(headers['via'], '1.1 localhost')
    assert.equal(headers['servicebusauthorization'], undefined)
  })

  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    it(`a small ${method} carries its body both ways`, async () => {
      const body = Buffer.from(`the body of a ${method}`)
      const reply = await sender.request('/echo/echo', { method, body })
      assert.equal(seen(reply).method, method)
      assert.deepEqual(reply.body, body)
    })
  }

  for (const size of [65_535, 65_536, 65_537]) {
    it(`a body of ${size} bytes comes back whole`, async () => {
      const body = megabyte.subarray(0, size)
      assert.ok((await sender.request('/echo/echo', { method: 'POST', body })).body.equals(body))
    })
  }

  it('1 MB passes whole, both ways', async () => {
    const reply = await sender.request('/echo/echo', { method: 'POST', body: megabyte })
    assert.equal(reply.status, 200)
    assert.ok(reply.body.equals(megabyte))
  })

  it('a chunked upload passes whole, small, large and empty', async () => {
    const pieces = Array.from({ length: 32 }, (_, i) => megabyte.subarray(i * 32_768, (i + 1) * 32_768))
    const large = await sender.request('/echo/echo', { method: 'POST', chunks: pieces })
    assert.ok(large.body.equals(megabyte))
    const small = await sender.request('/echo/echo', { method: 'POST', chunks: [Buffer.from('a'), Buffer.from('bc')] })
    assert.equal(small.body.toString(), 'abc')
    const empty = await sender.request('/echo/echo', { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } })
    assert.equal(empty.status, 200)
    assert.equal(empty.body.length, 0)
  })

  it('a response of many writes arrives whole', async () => {
    const reply = await sender.request('/echo/stream')
    assert.equal(reply.headers['content-type'], 'text/plain')
    assert.ok(reply.body.equals(Buffer.concat(Array.from({ length: 100 }, () => Buffer.alloc(10_000, 'stream')))))
  })

  for (const status of [201, 202, 301, 400, 401, 404, 409, 418, 500, 503]) {
    it(`the listener's ${status} is the sender's ${status}`, async () => {
      const reply = await sender.request(`/echo/status?status=${status}&text=because`)
      assert.equal(reply.status, status)
      assert.equal(reply.body.toString(), 'because')
    })
  }

  it("the listener's own reason phrase and headers reach the sender", async () => {
    const reply = await sender.request('/echo/status?status=201&reason=Freshly%20made&text=x')
    assert.equal(reply.reason, 'Freshly made')
    assert.equal(reply.headers['x-custom'], 'kept')
  })

  for (const status of [204, 304]) {
    it(`a ${status} has no body, and the next request is answered rightly`, async () => {
      const reply = await sender.request(`/echo/status?status=${status}`)
      assert.equal(reply.status, status)
      assert.equal(reply.body.length, 0)
      const next = await sender.request('/echo/echo', { method: 'POST', body: Buffer.from('next') })
      assert.equal(next.body.toString(), 'next')
    })
  }

  it('a HEAD gets the headers and no body, whatever the listener sends', async () => {
    const reply = await sender.request('/echo/status?status=200&text=unseen', { method: 'HEAD' })
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['content-length'], '6')
    assert.equal(reply.body.length, 0)
  })

  it('thirty requests at once each get their own answers', async () => {
    const sizes = Array.from({ length: 30 }, (_, i) => (i % 3 === 0 ? 100_000 + i : 100 + i))
    const replies = await Promise.all(
      sizes.map((size) => sender.request('/echo/echo', { method: 'POST', body: megabyte.subarray(size, 2 * size) })),
    )
    for (const [i, reply] of replies.entries()) {
      assert.ok(reply.body.equals(megabyte.subarray(sizes[i], 2 * sizes[i]!)), `answer ${i}`)
    }
  })

  it('refused senders get the status and a JSON error with a tracking id', async () => {
    const forged = signToken(relay.access().send).replace(/sig=[^&]+/, 'sig=AAAA')
    const wrong = await sender.request('/echo/echo', { token: forged })
    assert.equal(wrong.status, 401)
    assert.match(wrong.reason, /token has an invalid signature.*TrackingId:/)
    const { error } = JSON.parse(wrong.body.toString()) as { error: { code: string; message: string } }
    assert.equal(error.code, 'TokenMissingOrInvalid')
    assert.match(error.message, /TrackingId:/)
    const deserted = await sender.request('/open/echo', { token: '' })
    assert.equal(deserted.status, 502)
    const unknown = await sender.request('/nowhere', { token: signToken(relay.access().send, { path: '' }) })
    assert.equal(unknown.status, 404)
    assert.match(unknown.reason, /^Endpoint does not exist/)
  })

  it('a listener that closes is gone for senders at once', async () => {
    using leaving = await HycoHttps.start(relay)
    await leaving.listen('open')
    assert.equal((await sender.request('/open/echo', { token: '' })).status, 200)
    await leaving.process.call('stopListening')
    await leaving.process.next('closed')
    assert.equal((await sender.request('/open/echo', { token: '' })).status, 502)
  })
})

describe('hyco-https and time', () => {
  it('a token function keeps the control channel open for longer than a token lives', async () => {
    await using relay = await startTestRelay({ options: { tokenGrace: '1s' } })
    // The package renews every hour, here every 700 ms.
    using listener = await HycoHttps.start(relay, { INTEROP_HOUR_MS: '700' })
    await listener.listen('echo', { seconds: 2 })
    await Promise.all(Array.from({ length: 6 }, () => listener.process.next('signed')))
    assert.equal((await listener.request('/echo/echo')).status, 200)
    assert.equal(listener.process.count('control-closed'), 0)
    assert.equal(listener.process.count('listening'), 0)
  })

  it('a fixed token ends the control channel with 1008 after its grace', async () => {
    await using relay = await startTestRelay({ options: { tokenGrace: '100ms' } })
    using listener = await HycoHttps.start(relay)
    await listener.listen('echo', { token: signToken(relay.access().listen, { expiresInSeconds: 3 }) })
    assert.equal((await listener.process.next<{ code: number }>('control-closed')).code, 1008)
    assert.match(await listener.process.next('listener-error'), /401/)
  })

  it('a listener comes back by itself when the relay was restarted, and serves again', async () => {
    await using lasting = await startLastingRelay()
    using listener = await HycoHttps.start(lasting.relay)
    await listener.listen()
    await lasting.restart()
    await listener.process.next('listening')
    assert.equal((await listener.request('/echo/echo')).status, 200)
  })
})
