// The Java client (com.microsoft.azure:azure-relay) as Maven Central delivers it; only address and trust store are ours.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { parseConnectionString } from '@postern/protocol'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { startLastingRelay } from '../interop/lasting-relay.ts'
import { type BuiltProgram, buildProgram, JavaProgram } from './java-program.ts'

const built = await buildProgram()
const skip = typeof built === 'string' && `NOT TESTED: the Java client: ${built}`

/** `sb://host:port/path` and the rule, as the program's command wants them. */
function senderOf(relay: TestRelay, path = 'echo'): string {
  const { keyName, key } = parseConnectionString(relay.access('echo').send)
  return `sb://${relay.host}/${path} ${keyName} ${key}`
}

function start(relay: TestRelay, options: { readonly idleMs?: number } = {}): Promise<JavaProgram> {
  return JavaProgram.start(built as BuiltProgram, { caPem: relay.relay.caPem!, ...options })
}

interface Reply {
  readonly status: number | undefined
  readonly reason: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

async function send(relay: TestRelay, path: string, body?: Buffer, isChunked = false): Promise<Reply> {
  const { hostname, port } = new URL(relay.relay.data)
  const token = signToken(relay.access('echo').send)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const asked = request(
    { hostname, port, path, method: body ? 'POST' : 'GET', ca: relay.relay.caPem!, agent: false },
    resolve,
  ).on('error', reject)
  asked.setHeader('ServiceBusAuthorization', token)
  if (body && !isChunked) asked.setHeader('Content-Length', body.length)
  asked.end(body)
  const response = await promise
  const { statusCode: status, statusMessage: reason, headers } = response
  return { status, reason, headers, body: Buffer.concat(await response.toArray()) }
}

after(() => {
  if (typeof built !== 'string') built[Symbol.dispose]()
})

describe('the Java client', { skip }, () => {
  let relay: TestRelay
  let listener: JavaProgram
  let sender: JavaProgram

  before(async () => {
    relay = await startTestRelay()
    ;[listener, sender] = await Promise.all([start(relay), start(relay)])
    await listener.run(`listen ${relay.access('echo').listen}`, 'listening')
    await listener.next('online')
  })

  after(async () => {
    sender[Symbol.dispose]()
    listener[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('text passes up to its own limit of 64 KiB, binary messages of any size', async () => {
    await sender.run(`connect a ${senderOf(relay)}`, 'connected')
    // The text is of letters that take two bytes.
    const sizes = { text: [1, 32_768], binary: [1, 65_535, 65_536, 65_537, 1_000_000] }
    for (const [kind, counts] of Object.entries(sizes)) {
      for (const count of counts) {
        assert.equal(await sender.run(`exchange a ${kind} ${count}`, 'exchanged'), 'same', `${kind} ${count}`)
      }
    }
    await sender.run('close a', 'closed')
    assert.match(await listener.next('asked'), /\/echo\?? v1$/)
  })

  it('its accept handler sees path and query, and its rejection reaches the sender', async () => {
    const attempt = sender.run(`connect b ${senderOf(relay, 'echo/reject?x=1')}`, 'connected')
    await assert.rejects(attempt, /failed 403 .*403 Not you, thanks/)
    assert.match(await listener.next('asked'), /\/echo\/reject\?x=1 v1$/)
    await sender.run(`connect b ${senderOf(relay)}`, 'connected')
    assert.equal(await sender.run('exchange b binary 10', 'exchanged'), 'same')
  })

  it("a sender's query may hold what the client cannot read", async () => {
    await sender.run(`connect c ${senderOf(relay, 'echo/q?signature=a%3Db%3D&plain=c')}`, 'connected')
    assert.equal(await sender.run('exchange c binary 10', 'exchanged'), 'same')
    assert.equal(listener.count('offline') + listener.count('connecting'), 0)
  })

  it('HTTP requests pass whole, around 64 KiB in both directions, with and without a length', async () => {
    for (const size of [1, 65_535, 65_536, 65_537, 1_000_000]) {
      const body = randomBytes(size)
      for (const isChunked of [false, true]) {
        const reply = await send(relay, '/echo/a%20b', body, isChunked)
        assert.equal(reply.status, 200)
        assert.equal(reply.headers['x-seen'], 'POST /echo/a b')
        assert.ok(reply.body.equals(body), `${size}${isChunked ? ' chunked' : ''}`)
      }
    }
  })

  it('status, description and an empty body come as the listener gives them', async () => {
    for (const status of [201, 204, 404, 500]) {
      const reply = await send(relay, `/echo/status/${status}`)
      assert.equal(reply.status, status)
      assert.equal(reply.reason, 'As asked for')
      assert.equal(reply.body.length, 0)
    }
    const empty = await send(relay, '/echo/empty', Buffer.alloc(0), true)
    assert.equal(empty.status, 200)
    assert.equal(listener.count('offline') + listener.count('connecting'), 0)
  })

  it('twenty requests at once each get their own answers', async () => {
    // Bodies on the control channel are left out: the client itself gives simultaneous ones to the wrong requests (observed).
    const bodies = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? undefined : randomBytes(100_000)))
    const replies = await Promise.all(bodies.map((body, i) => send(relay, `/echo/${i}`, body)))
    for (const [i, { headers, body }] of replies.entries()) {
      assert.equal(headers['x-seen'], `${bodies[i] ? 'POST' : 'GET'} /echo/${i}`)
      assert.ok(body.equals(bodies[i] ?? Buffer.alloc(0)), `the body of answer ${i}`)
    }
  })

  it('a listener that closes is gone for senders at once', async () => {
    await listener.run('stop', 'stopped')
    assert.equal((await send(relay, '/echo/x')).status, 502)
    await assert.rejects(sender.run(`connect d ${senderOf(relay)}`, 'connected'), /failed 404 /)
  })
})

describe('the Java client and silence', { skip }, () => {
  const idleMs = 2000

  it("the relay's pings keep control channel and relayed connection for longer than the client's idle limit", async () => {
    await using relay = await startTestRelay({ options: { pingInterval: '500ms' } })
    using program = await start(relay, { idleMs })
    await program.run(`listen ${relay.access('echo').listen}`, 'listening')
    await program.run(`connect a ${senderOf(relay)}`, 'connected')
    // Nothing but time shows that nothing happens in it.
    await wait(3 * idleMs)
    assert.equal(program.count('offline') + program.count('connecting'), 0)
    assert.equal(await program.run('exchange a binary 100', 'exchanged'), 'same')
    await program.run(`connect b ${senderOf(relay)}`, 'connected')
  })

  it('without them the client itself ends its control channel', async () => {
    await using relay = await startTestRelay({ options: { pingInterval: '1h' } })
    using program = await start(relay, { idleMs })
    await program.run(`listen ${relay.access('echo').listen}`, 'listening')
    await program.next('connecting', 5 * idleMs)
  })
})

describe('the Java client and a relay that restarts', { skip }, () => {
  it('a listener comes back by itself and serves again', async () => {
    await using lasting = await startLastingRelay()
    using program = await start(lasting.relay)
    await program.run(`listen ${lasting.relay.access('echo').listen}`, 'listening')
    await program.next('online')
    await lasting.restart()
    await program.next('online')
    await program.run(`connect a ${senderOf(lasting.relay)}`, 'connected')
    assert.equal(await program.run('exchange a text 10', 'exchanged'), 'same')
    assert.equal((await send(lasting.relay, '/echo/again')).status, 200)
  })
})
