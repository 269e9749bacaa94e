// hyco-ws 1.0.5 exactly as npm delivers it, listener and sender in processes of their own; only host, port and CA are ours.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { parseConnectionString } from '@postern/protocol'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { HandshakeRefused } from '@postern/websocket'
import { ClientError, ClientProcess } from './client-process.ts'
import { startLastingRelay } from './lasting-relay.ts'

interface Opened {
  readonly sender: number
  readonly protocol?: string
}

interface Message {
  readonly data: string | Buffer
  readonly binary: boolean
}

interface Closed {
  readonly code: number
  readonly reason: string
}

const script = 'hyco-ws-peer.cjs'

/** An application of hyco-ws that can listen and send at one relay. */
class HycoWs implements Disposable {
  readonly process: ClientProcess
  readonly #relay: TestRelay

  private constructor(process: ClientProcess, relay: TestRelay) {
    this.process = process
    this.#relay = relay
  }

  static async start(relay: TestRelay, environment: Record<string, string> = {}): Promise<HycoWs> {
    return new HycoWs(await ClientProcess.start(script, { caPem: relay.relay.caPem!, environment }), relay)
  }

  /** Starts the echo listener and waits until it is connected. */
  async listen(name = 'echo', options: { readonly seconds?: number; readonly token?: string } = {}): Promise<void> {
    await this.process.call('listen', {
      url: this.#relay.url(name, 'sb-hc-action=listen'),
      ...this.rule(name),
      ...options,
    })
    await this.process.next('listening')
  }

  connect(
    path = 'echo',
    options: { readonly query?: string; readonly protocols?: string[]; readonly token?: string } = {},
  ): Promise<Opened> {
    const { query, ...rest } = options
    const url = this.#relay.url(path, `${query === undefined ? '' : `${query}&`}sb-hc-action=connect`)
    return this.process.call('connect', { url, ...this.rule(path.split('/')[0]!), ...rest })
  }

  exchange(sender: number, data: string | Buffer): Promise<Message> {
    return this.process.call('exchange', { sender, data })
  }

  /** Key name and key as an application's configuration has them. */
  rule(name: string): { readonly keyName: string | undefined; readonly key: string | undefined } {
    const { keyName, key } = parseConnectionString(this.#relay.access(name).send)
    return { keyName, key }
  }

  [Symbol.dispose](): void {
    this.process[Symbol.dispose]()
  }
}

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')

async function refused(attempt: Promise<unknown>): Promise<ClientError> {
  const error = await attempt.then(
    () => assert.fail('the sender was not refused'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ClientError, String(error))
  return error
}

describe('hyco-ws 1.0.5', () => {
  let relay: TestRelay
  let listener: HycoWs
  let sender: HycoWs

  before(async () => {
    relay = await startTestRelay()
    ;[listener, sender] = await Promise.all([HycoWs.start(relay), HycoWs.start(relay)])
    await listener.listen()
  })

  after(async () => {
    sender[Symbol.dispose]()
    listener[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('text stays text and binary stays binary, both ways', async () => {
    const opened = await sender.connect()
    assert.deepEqual(await sender.exchange(opened.sender, 'Grüße 🚪'), { data: 'Grüße 🚪', binary: false })
    const bytes = randomBytes(1000)
    const answer = await sender.exchange(opened.sender, bytes)
    assert.equal(answer.binary, true)
    assert.deepEqual(Buffer.from(answer.data), bytes)
    assert.deepEqual(await sender.exchange(opened.sender, ''), { data: '', binary: false })
    await listener.process.next('accepted')
  })

  it('path and query of the sender reach the listener', async () => {
    await sender.connect('echo/orders/7%20b', { query: 'color=red&x=%C3%A9' })
    const { url } = await listener.process.next<{ url: string }>('accepted')
    const expected = new RegExp(
      `^wss://${relay.host}/\\$hc/echo/orders/7%20b\\?color=red&x=%C3%A9&sb-hc-action=accept&sb-hc-id=[^&]+$`,
    )
    assert.match(url, expected)
  })

  it("the sender's first subprotocol is agreed at both ends", async () => {
    const opened = await sender.connect('echo', { protocols: ['soap', 'wamp'] })
    assert.equal(opened.protocol, 'soap')
    assert.equal((await listener.process.next<{ protocol: string }>('accepted')).protocol, 'soap')
  })

  it('messages of 10 MB pass whole, text and binary', async () => {
    const opened = await sender.connect()
    const bytes = randomBytes(10_000_000)
    const binary = await sender.exchange(opened.sender, bytes)
    assert.equal(sha256(binary.data), sha256(bytes))
    const text = 'Zürich-'.repeat(1_250_000)
    const answer = await sender.exchange(opened.sender, text)
    assert.equal(answer.binary, false)
    assert.equal(sha256(answer.data), sha256(text))
    await listener.process.next('accepted')
  })

  it("addresses and tokens are taken as the package's helpers write them", async () => {
    const id = '8d3a5b3e-2f43-4c5c-9f0f-3b1d0d1c7a10'
    const port = Number(new URL(relay.relay.data).port)
    const helpers = { path: 'echo', port, id, ...sender.rule('echo') }
    const addresses = await sender.process.call<{ send: string; appended: string }>('addresses', helpers)
    for (const url of [addresses.send, addresses.appended]) {
      assert.match(url, /sb-hc-token=SharedAccessSignature/)
      const opened = await sender.process.call<Opened>('connect', { url })
      assert.equal((await sender.exchange(opened.sender, 'by query')).data, 'by query')
      await listener.process.next('accepted')
    }
  })

  it('a sender without a token reaches an entity that asks for none', async () => {
    using open = await HycoWs.start(relay)
    await open.listen('open')
    const url = relay.url('open', 'sb-hc-action=connect')
    const opened = await open.process.call<Opened>('connect', { url })
    assert.equal((await open.exchange(opened.sender, 'anonymous')).data, 'anonymous')
  })

  it('close code and reason reach the other end, from either side', async () => {
    const first = await sender.connect()
    assert.deepEqual(await sender.process.call<Closed>('close', { sender: first.sender }), {
      code: 4002,
      reason: 'closed by the sender',
    })
    const expected = { code: 4002, reason: 'closed by the sender' }
    assert.deepEqual(await listener.process.next<Closed>('listener-side-closed'), expected)
    const second = await sender.connect()
    assert.deepEqual(await sender.process.call<Closed>('close', { sender: second.sender, by: 'listener' }), {
      code: 4001,
      reason: 'closed by the listener',
    })
    await listener.process.next<Closed>('listener-side-closed')
  })

  it('thirty senders at once each get their own answers', async () => {
    const opened = await Promise.all(Array.from({ length: 30 }, () => sender.connect()))
    const answers = await Promise.all(opened.map((one, i) => sender.exchange(one.sender, `message ${i}`)))
    assert.deepEqual(
      answers.map(({ data }) => data),
      opened.map((_one, i) => `message ${i}`),
    )
  })

  it("a listener's rejection reaches the sender with status and description", async () => {
    const scripted = await relay.listen('open')
    const attempt = refused(sender.connect('open'))
    const { address } = await scripted.nextAccept()
    const rejecting = scripted.rendezvous(`${address}&sb-hc-statusCode=403&sb-hc-statusDescription=Not+you`)
    await assert.rejects(rejecting, (error) => error instanceof HandshakeRefused && error.status === 410)
    const error = await attempt
    assert.equal(error.status, 403)
    assert.match(error.reason ?? '', /^Not you/)
    scripted.close()
  })

  it('refused senders see the status and a reason with a tracking id', async () => {
    const forged = signToken(relay.access().send).replace(/sig=[^&]+/, 'sig=AAAA')
    const wrong = await refused(sender.connect('echo', { token: forged }))
    assert.equal(wrong.status, 401)
    assert.match(wrong.reason ?? '', /token has an invalid signature.*TrackingId:/)
    const expired = await refused(
      sender.connect('echo', { token: signToken(relay.access().send, { expiresInSeconds: -600 }) }),
    )
    assert.equal(expired.status, 401)
    const namespaceToken = signToken(relay.access().send, { path: '' })
    const url = relay.url('nowhere', 'sb-hc-action=connect')
    const unknown = await refused(sender.process.call('connect', { url, token: namespaceToken }))
    assert.equal(unknown.status, 404)
    assert.match(unknown.reason ?? '', /^Endpoint does not exist.*nowhere/)
    const deserted = await refused(sender.connect('open'))
    assert.equal(deserted.status, 404)
    assert.match(deserted.reason ?? '', /^There are no listeners connected for the endpoint/)
  })

  it('a listener that closes is gone for senders at once', async () => {
    using leaving = await HycoWs.start(relay)
    await leaving.listen('open')
    await leaving.process.call('stopListening')
    await leaving.process.next('closed')
    assert.equal((await leaving.process.next<Closed>('control-closed')).code, 1000)
    assert.equal((await refused(sender.connect('open'))).status, 404)
  })
})

describe("hyco-ws 1.0.5 and its listener's token", () => {
  it('a token function keeps the control channel open for longer than a token lives', async () => {
    await using relay = await startTestRelay({ options: { tokenGrace: '1s' } })
    // The package renews every hour, here every 700 ms.
    using listener = await HycoWs.start(relay, { INTEROP_HOUR_MS: '700' })
    await listener.listen('echo', { seconds: 2 })
    const signed = Array.from({ length: 6 }, () => listener.process.next('signed'))
    await Promise.all(signed)
    const opened = await listener.connect()
    assert.equal((await listener.exchange(opened.sender, 'still here')).data, 'still here')
    assert.equal(listener.process.count('control-closed'), 0)
    assert.equal(listener.process.count('listening'), 0)
  })

  it('a fixed token ends the control channel with 1008 after its grace, and leaves relayed connections alone', async () => {
    await using relay = await startTestRelay({ options: { tokenGrace: '100ms', refusalDelay: '1s' } })
    using listener = await HycoWs.start(relay)
    using sender = await HycoWs.start(relay)
    await listener.listen('echo', { token: signToken(relay.access().listen, { expiresInSeconds: 3 }) })
    const opened = await sender.connect()
    assert.equal((await listener.process.next<Closed>('control-closed')).code, 1008)
    assert.equal((await sender.exchange(opened.sender, 'still joined')).data, 'still joined')
    assert.match(await listener.process.next('listener-error'), /401/)
  })

  it('a listener that is refused for ever is slowed down, and others are served meanwhile', async () => {
    await using relay = await startTestRelay({ options: { refusalDelay: '1s' } })
    using refusedOne = await HycoWs.start(relay)
    using good = await HycoWs.start(relay)
    await good.listen()
    const url = relay.url('echo', 'sb-hc-action=listen')
    await refusedOne.process.call('listen', { url, token: 'SharedAccessSignature sr=x&sig=y&se=1&skn=z' })
    const startedAt = performance.now()
    // The package retries without a pause, twice for each refusal.
    for (let i = 0; i < 20; i += 1) assert.match(await refusedOne.process.next('listener-error'), /401/)
    assert.ok(performance.now() - startedAt > 1000)
    const opened = await good.connect()
    assert.equal((await good.exchange(opened.sender, 'served')).data, 'served')
  })
})

describe('hyco-ws 1.0.5 and a relay that restarts', () => {
  it('a listener comes back by itself and serves again', async () => {
    await using lasting = await startLastingRelay()
    using listener = await HycoWs.start(lasting.relay)
    using sender = await HycoWs.start(lasting.relay)
    await listener.listen()
    const before = await sender.connect()
    assert.equal((await sender.exchange(before.sender, 'before')).data, 'before')
    await lasting.restart()
    await listener.process.next('listening')
    const again = await sender.connect()
    assert.equal((await sender.exchange(again.sender, 'after')).data, 'after')
  })
})
