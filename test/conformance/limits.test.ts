// Every limit of config/option-table.ts as a stranger meets it: a clear answer, one metric, one log line.
import assert from 'node:assert/strict'
import { Agent, request as httpsRequest } from 'node:https'
import type { Duplex } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { decodeClose, Opcode } from '@postern/websocket'
import { reachableBytes } from './collect-garbage.ts'
import { begin, answer as wholeAnswer } from './http-client.ts'
import { managementRequest, signInOwner } from './management-client.ts'
import { metrics } from './metrics.ts'
import { RecordingLogger, refusalCounts } from './recording-logger.ts'
import { refused } from './refused.ts'
import { startRelayProcess } from './relay-process.ts'
import { dialRaw, dialTcp, exchange, readAll, readAnswer, until, upgradeHead } from './stranger.ts'

interface Watched {
  readonly relay: TestRelay
  readonly log: RecordingLogger
}

async function watched(test: TestContext, options: Record<string, string | number> = {}): Promise<Watched> {
  const log = new RecordingLogger()
  const relay = await startTestRelay({ log, options })
  test.after(() => relay[Symbol.asyncDispose]())
  return { relay, log }
}

const trackingId = /^[\w-]{20,}_G0$/

/** One metric and one log line with a reason and a tracking id for each of `count` refusals; the ids in order. */
async function recorded({ relay, log }: Watched, code: string, count = 1): Promise<string[]> {
  await until(async () => ((await refusalCounts(relay))[code] ?? 0) >= count, `${count} refusals ${code}`)
  assert.deepEqual(await refusalCounts(relay), { [code]: count })
  const lines = log.refusals()
  assert.deepEqual(
    lines.map(({ fields }) => fields['code']),
    Array.from({ length: count }, () => code),
  )
  return lines.map(({ fields }) => {
    assert.match(String(fields['trackingId']), trackingId)
    assert.ok(fields['reason'] && fields['stage'] && fields['remote'], JSON.stringify(fields))
    return String(fields['trackingId'])
  })
}

const get = (path: string, ...lines: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: localhost', ...lines, '\r\n'].join('\r\n')

for (const [kind, head] of [
  ['a request', (lines: string[]): string => get('/open', ...lines)],
  ['an upgrade', (lines: string[]): string => upgradeHead('/$hc/open?sb-hc-action=listen', lines)],
] as const) {
  test(`${kind} with more than maxHeaderBytes of headers is answered with 431`, async (t) => {
    const setup = await watched(t, { maxHeaderBytes: 8192 })
    const answer = await exchange(setup.relay, head([`X: ${'x'.repeat(8192)}`]))
    assert.equal(answer.status, 431)
    assert.match(answer.body, /headers are too large/)
    const [id] = await recorded(setup, 'RequestHeaderTooLarge')
    assert.equal(answer.headers['trackingid'], id)
    assert.ok(answer.reason.includes(`TrackingId:${id}`) && answer.body.includes(`TrackingId:${id}`))
  })

  test(`${kind} with more than maxHeaderCount headers is answered with 431`, async (t) => {
    const setup = await watched(t, { maxHeaderCount: 20 })
    const answer = await exchange(setup.relay, head(Array.from({ length: 21 }, (_, at) => `X-${at}: 1`)))
    assert.equal(answer.status, 431)
    assert.match(answer.body, /too many headers/)
    const [id] = await recorded(setup, 'RequestHeadersTooMany')
    assert.equal(answer.headers['trackingid'], id)
  })

  test(`the head of ${kind} that takes longer than handshakeTimeout is answered with 408, however it drips`, async (t) => {
    const setup = await watched(t, { handshakeTimeout: '200ms' })
    const socket = await dialRaw(setup.relay)
    const [start, ...rest] = head(['X: 1']).slice(0, -2)
    socket.write(start!)
    const drip = setInterval(() => rest.length > 0 && socket.write(rest.shift()!), 20)
    const answer = readAnswer(await readAll(socket))
    clearInterval(drip)
    assert.equal(answer.status, 408)
    const [id] = await recorded(setup, 'HandshakeTimeout')
    assert.equal(answer.headers['trackingid'], id)
  })

  test(`the headers of ${kind} that a listener could not take are answered with 431`, async (t) => {
    const setup = await watched(t)
    const listener = await setup.relay.listen('open')
    const sent = kind === 'a request' ? get : (path: string, line: string) => upgradeHead(`/$hc${path}`, [line])
    const answer = await exchange(setup.relay, sent('/open', `X: ${'"'.repeat(20_000)}`))
    assert.equal(answer.status, 431)
    await recorded(setup, 'RequestHeaderTooLarge')
    assert.equal(await metrics(setup.relay, 'postern_pending_offers'), 0)
    listener.control.abort()
  })
}

test('a whole head that comes after its 408 is too late: nothing is done and the connection is over', async (t) => {
  const setup = await watched(t, { handshakeTimeout: '150ms' })
  const listener = await setup.relay.listen('open')
  const socket = await dialRaw(setup.relay)
  const head = get('/open')
  socket.write(head.slice(0, -2))
  socket.once('data', () => socket.write(head.slice(-2)))
  assert.equal(readAnswer(await readAll(socket)).status, 408)
  await recorded(setup, 'HandshakeTimeout')
  assert.equal(listener.messages.size, 0)
  assert.equal(await metrics(setup.relay, 'postern_http_requests_total'), 0)
  listener.control.abort()
})

for (const [what, bytes] of [
  ['says nothing', ''],
  ['sends half a TLS record', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
] as const) {
  test(`a client that ${what} is cut off after handshakeTimeout`, async (t) => {
    const setup = await watched(t, { handshakeTimeout: '150ms' })
    const socket = await dialTcp(setup.relay)
    socket.write(bytes, 'latin1')
    assert.equal(await readAll(socket), '')
    await recorded(setup, 'HandshakeTimeout')
  })
}

test('what is no TLS is cut off, and so is a version that is too old; both leave a line', async (t) => {
  const setup = await watched(t)
  const plain = await dialTcp(setup.relay)
  plain.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await readAll(plain)
  const old = await dialTcp(setup.relay)
  // A ClientHello of TLS 1.0 without extensions.
  const hello = `0301${'00'.repeat(32)}000004002f00350100`
  const body = `01${(hello.length / 2).toString(16).padStart(6, '0')}${hello}`
  old.write(Buffer.from(`160301${(body.length / 2).toString(16).padStart(4, '0')}${body}`, 'hex'))
  await readAll(old)
  await recorded(setup, 'RequestMalformed', 2)
  const reasons = setup.log.refusals().map(({ fields }) => String(fields['reason']))
  assert.match(reasons.join(), /TLS.*UNSUPPORTED_PROTOCOL/)
})

test('one address opens as many unauthorised connections as it may; others go on, one more is refused', async (t) => {
  const setup = await watched(t, { maxUnauthorizedConnectionsPerAddress: 3, tls: 'off' })
  const { relay } = setup
  const held = await Promise.all(Array.from({ length: 3 }, () => dialTcp(relay)))
  const ids = []
  for (let i = 0; i < 2; i++) {
    const answer = await exchange(relay, get('/open'))
    assert.equal(answer.status, 503)
    ids.push(answer.headers['trackingid'])
  }
  assert.deepEqual(ids, await recorded(setup, 'TooManyUnauthorizedConnections', 2))
  assert.equal((await exchange(relay, get('/open'), { localAddress: '127.0.0.2' })).status, 502)
  for (const socket of held) socket.destroy()
  await until(async () => (await exchange(relay, get('/open'))).status === 502, 'the places are free')
})

test('behind TLS one more connection of an address waits, is cut off when no place gets free, and gets in when one does', async (t) => {
  const setup = await watched(t, { maxUnauthorizedConnectionsPerAddress: 1, handshakeTimeout: '300ms' })
  const { relay } = setup
  const listeners = [await relay.listen('open'), await relay.listen('open')]
  const held = await dialTcp(relay)
  const served = exchange(relay, get('/open'))
  held.destroy()
  const { id } = await Promise.any(listeners.map((listener) => listener.nextRequest()))
  for (const { control } of listeners) control.text(JSON.stringify({ response: { requestId: id, statusCode: 204 } }))
  assert.equal((await served).status, 204)
  const crowd = await Promise.all(Array.from({ length: 6 }, () => dialTcp(relay)))
  await Promise.all(crowd.map((socket) => readAll(socket)))
  const counts = await refusalCounts(relay)
  assert.equal((counts['TooManyUnauthorizedConnections'] ?? 0) + (counts['HandshakeTimeout'] ?? 0), 6)
  assert.equal(setup.log.refusals().length, 6)
})

test('all addresses together open as many as maxUnauthorizedConnections; authorised ones do not count', async (t) => {
  const setup = await watched(t, { maxUnauthorizedConnections: 2, tls: 'off' })
  const { relay } = setup
  const listeners = [await relay.listen(), await relay.listen(), await relay.listen()]
  const held = [await dialTcp(relay), await dialTcp(relay, { localAddress: '127.0.0.2' })]
  const answer = await exchange(relay, get('/open'), { localAddress: '127.0.0.3' })
  assert.equal(answer.status, 503)
  assert.equal(answer.headers['retry-after'], '1')
  const [id] = await recorded(setup, 'TooManyUnauthorizedConnections')
  assert.equal(answer.headers['trackingid'], id)
  for (const socket of held) socket.destroy()
  for (const listener of listeners) listener.control.abort()
})

test('whoever may manage is no stranger, however long his connection waits; whoever sends no body is one', async (t) => {
  const { relay } = await watched(t, { handshakeTimeout: '20s' })
  const { token } = await signInOwner(relay)
  const agent = new Agent({ keepAlive: true, maxSockets: 10 })
  t.after(() => agent.destroy())
  const list = async (): Promise<number> => {
    const path = '/subscriptions/s/providers/Microsoft.Relay/namespaces?api-version=2021-11-01'
    const request = httpsRequest({ ...managementRequest(relay, path, token), agent })
    request.end()
    return (await wholeAnswer(request)).status
  }
  const strangers = (): Promise<number> => metrics(relay, 'postern_unauthorized_connections')
  assert.deepEqual(await Promise.all([list(), list(), list()]), [200, 200, 200])
  assert.equal(await strangers(), 1, 'the one that asks for the metrics')
  agent.destroy()
  const slow = httpsRequest({ ...managementRequest(relay, enrolPath, ''), method: 'POST', agent: false })
  t.after(() => slow.destroy())
  slow.on('error', () => {})
  slow.write('{')
  await until(async () => (await strangers()) === 2, 'a stranger who sends no body counts')
})

const enrolPath = '/providers/Postern.Management/hcms/enrol?api-version=2026-11-01'

test('a refused client cannot keep its connection by a body that never ends', async (t) => {
  const setup = await watched(t, { handshakeTimeout: '200ms' })
  const socket = await dialRaw(setup.relay)
  socket.write(`POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n`)
  const drip = setInterval(() => socket.write('x'), 20)
  const answer = readAnswer(await readAll(socket))
  clearInterval(drip)
  assert.equal(answer.status, 401)
  await until(() => setup.log.refusals().length === 2, 'two refusals')
  assert.deepEqual(await refusalCounts(setup.relay), { TokenMissing: 1, HandshakeTimeout: 1 })
})

test('a refused client cannot keep its connection by saying nothing more', async (t) => {
  const setup = await watched(t, { handshakeTimeout: '200ms' })
  const socket = await dialRaw(setup.relay)
  socket.write(get('/echo'))
  assert.equal(readAnswer(await readAll(socket)).status, 401)
  await recorded(setup, 'TokenMissing')
})

test('a flood of pipelined requests costs its connection', async (t) => {
  const setup = await watched(t, { refusalDelay: '1s' })
  const { relay, log } = setup
  const socket = await dialRaw(relay)
  socket.write(get('/echo').repeat(5000))
  await readAll(socket)
  const lines = log.refusals().length
  assert.ok(lines < 100, `${lines} refusals of one connection`)
  assert.equal(await metrics(relay, 'postern_unauthorized_connections'), 1, 'the one that asks for the metrics')
})

test('what one stranger keeps in memory is bounded by its headers and little more', async () => {
  await using relay = await startRelayProcess({ options: { maxUnauthorizedConnectionsPerAddress: 300 } })
  const before = await relay.holdings()
  const count = 200
  const sockets = await Promise.all(Array.from({ length: count }, () => dialRaw(relay)))
  const head = `GET / HTTP/1.1\r\nHost: a\r\n${`X: ${'x'.repeat(300)}\r\n`.repeat(190)}`
  for (const socket of sockets) socket.write(head)
  let each = 0
  await until(async () => {
    each = ((await relay.holdings()).bytes - before.bytes) / count
    return each > head.length
  }, 'the headers have come')
  assert.ok(each < 2.5 * 65_536, `${Math.round(each)} bytes each`)
  for (const socket of sockets) socket.destroy()
})

test('one more pending offer than maxPendingOffersPerEntity is refused with 503, by WebSocket and by HTTP', async (t) => {
  const setup = await watched(t, { maxPendingOffersPerEntity: 2 })
  const { relay } = setup
  const listener = await relay.listen('open')
  const other = await relay.listen('echo')
  const first = relay.connect('open')
  const second = wholeAnswer(begin(relay, '/open').end())
  const { address } = await listener.nextAccept()
  const request = await listener.nextRequest()
  assert.equal((await refused(relay.connect('open'))).status, 503)
  assert.equal((await exchange(relay, get('/open'))).status, 503)
  await recorded(setup, 'TooManyPendingOffers', 2)
  const elsewhere = relay.connect('echo')
  await other.rendezvous((await other.nextAccept()).address)
  await elsewhere
  await listener.rendezvous(address)
  await first
  listener.control.text(JSON.stringify({ response: { requestId: request.id, statusCode: 204 } }))
  assert.equal((await second).status, 204)
  await metrics.until(relay, 'postern_pending_offers', 0)
})

test('one more connection than maxConnectionsPerNamespace is refused with 403; other namespaces and freed places are not', async (t) => {
  const rules = [{ name: 'Root', rights: ['Listen', 'Send', 'Manage'] }] as const
  const log = new RecordingLogger()
  const relay = await startTestRelay({
    log,
    options: { maxConnectionsPerNamespace: 1 },
    resources: {
      namespaces: [
        { name: 'local', default: true, rules, hybridConnections: [{ name: 'echo' }] },
        { name: 'other', hosts: ['other.test'], rules, hybridConnections: [{ name: 'far' }] },
      ],
    },
  })
  t.after(() => relay[Symbol.asyncDispose]())
  const listener = await relay.listen()
  const pending = relay.connect()
  await listener.rendezvous((await listener.nextAccept()).address)
  const sender = await pending
  const refusal = await refused(relay.connect())
  assert.equal(refusal.status, 403)
  assert.match(refusal.reason, /quota/i)
  const token = signToken(relay.access().send)
  assert.equal((await exchange(relay, get('/echo', `ServiceBusAuthorization: ${token}`))).status, 403)
  await recorded({ relay, log }, 'QuotaExceeded', 2)
  const far = signToken(relay.access('far').send)
  const elsewhere = get('/far', `ServiceBusAuthorization: ${far}`).replace('localhost', 'other.test')
  assert.equal((await exchange(relay, elsewhere)).status, 502)
  sender.abort()
  await metrics.until(relay, 'postern_active_connections', 0)
  const again = relay.connect()
  await listener.rendezvous((await listener.nextAccept()).address)
  await again
})

test('the listener beyond maxListenersPerEntity is refused with 403', async (t) => {
  const setup = await watched(t, { maxListenersPerEntity: 2 })
  await setup.relay.listen()
  const second = await setup.relay.listen()
  const refusal = await refused(setup.relay.listen())
  assert.equal(refusal.status, 403)
  assert.match(refusal.reason, /maximum number of listeners/)
  const [id] = await recorded(setup, 'MaximumListenersPerEndpoint')
  assert.equal(refusal.headers['trackingid'], id)
  second.control.abort()
  await metrics.until(setup.relay, 'postern_active_listeners', 1)
  await setup.relay.listen()
})

test('a client that retries in a loop is answered late, and nobody else is', async (t) => {
  const { relay } = await watched(t, { refusalDelay: '300ms' })
  let attempts = 0
  let goOn = true
  const loop = async (): Promise<void> => {
    while (goOn) {
      const answer = await exchange(relay, upgradeHead('/$hc/nothing?sb-hc-action=listen'), {
        localAddress: '127.0.0.9',
      })
      assert.equal(answer.status, 401)
      attempts += 1
    }
  }
  const began = performance.now()
  const loops = Array.from({ length: 4 }, loop)
  await until(() => attempts >= 9, 'the first attempts')
  const listenBegan = performance.now()
  const listener = await relay.listen()
  const mistaken = await exchange(relay, upgradeHead('/$hc/nothing?sb-hc-action=listen'))
  assert.equal(mistaken.status, 401)
  assert.ok(performance.now() - listenBegan < 280, 'a listener, and one mistake from elsewhere, are answered at once')
  goOn = false
  await Promise.all(loops)
  // 5 prompt answers, then 4 at a time every 300 ms.
  const possible = 5 + 4 * Math.ceil((performance.now() - began) / 300)
  assert.ok(attempts <= possible, `${attempts} attempts, ${possible} possible`)
  listener.control.abort()
})

for (const [kind, opcode] of [
  ['text', Opcode.text],
  ['binary', Opcode.binary],
] as const) {
  test(`a ${kind} message beyond 64 KiB closes the control channel with 1009, before it is whole`, async (t) => {
    const setup = await watched(t)
    const listener = await setup.relay.listen()
    listener.control.send(opcode, Buffer.alloc(65_536, 'x'), { fin: false })
    listener.control.send(Opcode.continuation, 'x', { fin: false })
    const close = await listener.others.next()
    assert.equal(close.opcode, Opcode.close)
    assert.equal(decodeClose(close.payload).code, 1009)
    listener.control.close(1009)
    const [id] = await recorded(setup, 'MessageTooLarge')
    assert.match(decodeClose(close.payload).reason, new RegExp(`TrackingId:${id}`))
    await metrics.until(setup.relay, 'postern_active_listeners', 0)
  })
}

test('a sender that sends more than 64 KiB before its handshake is answered is refused', async (t) => {
  const setup = await watched(t)
  const listener = await setup.relay.listen('open')
  const socket = await dialRaw(setup.relay)
  socket.write(upgradeHead('/$hc/open'))
  await listener.nextAccept()
  const answer = readAll(socket)
  socket.write(Buffer.alloc(65_537))
  assert.match(await answer, /^HTTP\/1.1 400 /)
  await recorded(setup, 'RequestMalformed')
  assert.equal(await metrics(setup.relay, 'postern_pending_offers'), 0)
})

for (const [what, head] of [
  ['of known length', 'Content-Length: 10'],
  ['too long for the control channel', 'Content-Length: 100000'],
  ['of unknown length', 'Transfer-Encoding: chunked'],
] as const) {
  test(`a body ${what} that stops coming is answered with 408`, async (t) => {
    const setup = await watched(t, { httpResponseTimeout: '300ms' })
    const listener = await setup.relay.listen('open')
    const socket = await dialRaw(setup.relay)
    socket.write(`POST /open HTTP/1.1\r\nHost: localhost\r\n${head}\r\n\r\n`)
    const reading = readAll(socket)
    if (!what.includes('known length') || what.includes('unknown')) {
      const message = await listener.messages.next()
      assert.ok(message.kind === 'requestAddress')
      await listener.rendezvous(message.address)
    }
    assert.equal(readAnswer(await reading).status, 408)
    await recorded(setup, 'RequestTimeout')
    await metrics.until(setup.relay, 'postern_pending_offers', 0)
    await metrics.until(setup.relay, 'postern_active_connections', 0)
  })
}

test('a rendezvous that is opened for a request and never sends is cut off when the response is due', async (t) => {
  const setup = await watched(t, { httpResponseTimeout: '300ms' })
  const listener = await setup.relay.listen('open')
  const reply = exchange(setup.relay, get('/open'))
  const rendezvous = await listener.rendezvous((await listener.nextRequest()).address)
  assert.equal((await reply).status, 504)
  await recorded(setup, 'ResponseTimeout')
  await rendezvous.ended
  assert.equal(rendezvous.frames.size, 0, 'cut, not ended in good order')
})

test('a socket that opens a rendezvous address byte by byte is cut off like any stranger', async (t) => {
  const setup = await watched(t, { handshakeTimeout: '200ms', acceptTimeout: '400ms' })
  const listener = await setup.relay.listen('open')
  const sender = refused(setup.relay.connect('open'))
  const { address } = await listener.nextAccept()
  const socket = await dialRaw(setup.relay)
  socket.write(upgradeHead(address.replace(/^wss:\/\/[^/]+/, '')).slice(0, -2))
  assert.equal(readAnswer(await readAll(socket)).status, 408)
  assert.equal((await sender).status, 408)
  await until(() => setup.log.refusals().length === 2, 'both refusals')
  assert.deepEqual(await refusalCounts(setup.relay), { HandshakeTimeout: 1, AcceptTimeout: 1 })
})

/** Sends as much as the relay takes in, up to `bytes`, and reads nothing. */
async function flood(socket: Duplex, frame: Uint8Array, bytes: number): Promise<number> {
  const chunk = Buffer.concat(Array.from({ length: Math.ceil(65_536 / frame.length) }, () => frame))
  let sent = 0
  while (sent < bytes) {
    sent += chunk.length
    if (socket.write(chunk)) continue
    const drained = new Promise((resolve) => socket.once('drain', () => resolve(true)))
    const stuck = new Promise((resolve) => setTimeout(() => resolve(false), 300).unref())
    if (!(await Promise.race([drained, stuck]))) break
  }
  return sent
}

test('a flood of pings whose answers are not read costs no memory, joined or on a control channel', async (t) => {
  const { relay } = await watched(t)
  const listener = await relay.listen('open')
  const pending = relay.connect('open')
  const rendezvous = await listener.rendezvous((await listener.nextAccept()).address)
  const sender = await pending
  const before = await reachableBytes()
  const ping = Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125, 'p')])
  for (const { socket } of [sender, rendezvous, listener.control]) {
    t.after(() => socket.destroy())
    socket.pause()
    await flood(socket, ping, 32 * 1024 * 1024)
  }
  const kept = (await reachableBytes()) - before
  assert.ok(kept < 8 * 1024 * 1024, `${Math.round(kept / 1024 / 1024)} MiB are kept`)
})
