// Hybrid Connections protocol, "HTTP request protocol", "Request message", "Responding to requests".
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { encodeResponse } from '@postern/protocol'
import { type ScriptedListener, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { decodeClose, Opcode } from '@postern/websocket'
import { answer, begin, head, send } from './http-client.ts'
import { metrics } from './metrics.ts'

type Request = Awaited<ReturnType<ScriptedListener['nextRequest']>>

function respond(
  listener: ScriptedListener,
  request: Request,
  options: { status?: number; reason?: string; headers?: Record<string, string>; body?: string | Uint8Array } = {},
): void {
  const { status = 200, reason, headers = {}, body } = options
  listener.control.text(
    encodeResponse({
      requestId: request.id,
      statusCode: status,
      ...(reason !== undefined && { statusDescription: reason }),
      responseHeaders: headers,
      body: body !== undefined,
    }),
  )
  if (body !== undefined) listener.control.binary(body)
}

const open = async (options: Record<string, string | number> = {}): Promise<TestRelay> => startTestRelay({ options })

test('a request without a body is one message with everything in it', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const pending = send(relay, '/open/sub/path?a=1&b=%20x', { headers: { 'X-Custom': 'v', 'User-Agent': 'me' } })
  const request = await listener.nextRequest()
  assert.equal(request.method, 'GET')
  assert.equal(request.requestTarget, '/open/sub/path?a=1&b=%20x')
  assert.equal(request.body, false)
  assert.equal(request.requestHeaders['X-Custom'], 'v')
  assert.equal(request.requestHeaders['Host'], relay.host)
  assert.equal(request.requestHeaders['Via'], '1.1 localhost')
  assert.equal(request.remoteEndpoint.address, '127.0.0.1')
  assert.match(request.address, /^wss:\/\/localhost:\d+\/\$hc\/open\?sb-hc-action=request&sb-hc-id=[0-9a-f-]{36}_G0$/)
  respond(listener, request, { status: 201, reason: 'My Reason', headers: { 'X-Answer': 'yes' }, body: 'hello' })
  const reply = await pending
  assert.deepEqual([reply.status, reply.reason, reply.body.toString()], [201, 'My Reason', 'hello'])
  assert.equal(reply.headers['x-answer'], 'yes')
  assert.equal(reply.headers['via'], '1.1 localhost')
  assert.equal(reply.headers['content-length'], '5')
  assert.ok(reply.headers['content-type'], 'a body without a type gets one')
})

test('every method reaches the listener', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'HEAD', 'PROPFIND']) {
    const pending = send(relay, '/open', { method })
    const request = await listener.nextRequest()
    assert.equal(request.method, method)
    respond(listener, request)
    assert.equal((await pending).status, 200)
  }
})

for (const size of [1, 65_535, 65_536]) {
  test(`a body of ${size} bytes comes as one binary message right behind the request`, async () => {
    await using relay = await open()
    const listener = await relay.listen('open')
    const body = randomBytes(size)
    const pending = send(relay, '/open', { method: 'POST', headers: { 'Content-Length': size } }, body)
    const request = await listener.nextRequest()
    assert.equal(request.body, true)
    assert.equal(request.requestHeaders['Content-Length'], undefined)
    const frame = await listener.others.next()
    assert.deepEqual([frame.opcode, frame.fin], [Opcode.binary, true])
    assert.ok(frame.payload.equals(body))
    respond(listener, request, { body })
    assert.ok((await pending).body.equals(body))
  })
}

/** The request as it comes on its rendezvous, with the frames of its body. */
async function readUpload(
  rendezvous: Awaited<ReturnType<ScriptedListener['rendezvous']>>,
): Promise<{ request: Request; body: Buffer }> {
  const first = await rendezvous.frames.next()
  assert.equal(first.opcode, Opcode.text)
  const { request } = JSON.parse(first.payload.toString()) as { request: Request }
  assert.equal(request.body, true)
  const parts: Buffer[] = []
  for (;;) {
    const frame = await rendezvous.frames.next()
    assert.equal(frame.opcode, parts.length === 0 ? Opcode.binary : Opcode.continuation, 'one message')
    assert.ok(frame.payload.length <= 65_536)
    parts.push(frame.payload)
    if (frame.fin) return { request, body: Buffer.concat(parts) }
  }
}

for (const [name, size, headers] of [
  ['longer than 64 KiB', 65_537, { 'Content-Length': '65537' }],
  ['of unknown length', 10, { 'Transfer-Encoding': 'chunked' }],
  ['of unknown length and empty', 0, { 'Transfer-Encoding': 'chunked' }],
] as const) {
  test(`a body ${name} is fetched from a rendezvous, and the response goes back there`, async () => {
    await using relay = await open()
    const listener = await relay.listen('open')
    const body = randomBytes(size)
    const pending = send(relay, '/open?q=1', { method: 'POST', headers }, body)
    const message = await listener.messages.next()
    assert.equal(message.kind, 'requestAddress')
    const rendezvous = await listener.rendezvous(message.kind === 'requestAddress' ? message.address : '')
    const upload = await readUpload(rendezvous)
    assert.equal(upload.request.requestTarget, '/open?q=1')
    assert.ok(upload.body.equals(body))
    rendezvous.text(encodeResponse({ requestId: upload.request.id, statusCode: 200, responseHeaders: {}, body: true }))
    rendezvous.send(Opcode.binary, 'part one, ', { fin: false })
    rendezvous.send(Opcode.continuation, 'part two', { fin: true })
    assert.equal((await pending).body.toString(), 'part one, part two')
    const close = await rendezvous.frames.next()
    assert.deepEqual(decodeClose(close.payload).code, 1000, 'one request a rendezvous: the relay closes it')
    rendezvous.close(1000)
    assert.equal(await rendezvous.ended, true)
  })
}

test('a response larger than 64 KiB comes over the rendezvous of its request', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const pending = send(relay, '/open')
  const request = await listener.nextRequest()
  const rendezvous = await listener.rendezvous(request.address)
  const body = randomBytes(1_000_000)
  rendezvous.text(encodeResponse({ requestId: request.id, statusCode: 200, responseHeaders: {}, body: true }))
  rendezvous.send(Opcode.binary, body)
  const reply = await pending
  assert.ok(reply.body.equals(body))
  assert.equal(reply.headers['transfer-encoding'], 'chunked')
})

test('CLOSE 1000 ends a body that never had FIN: the Java client ends all of them so', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const pending = send(relay, '/open')
  const request = await listener.nextRequest()
  const rendezvous = await listener.rendezvous(request.address)
  rendezvous.text(encodeResponse({ requestId: request.id, statusCode: 200, responseHeaders: {}, body: true }))
  rendezvous.send(Opcode.binary, 'all of', { fin: false })
  rendezvous.send(Opcode.continuation, ' it', { fin: false })
  rendezvous.close(1000, 'NormalClosure')
  assert.equal((await pending).body.toString(), 'all of it')
})

test('a rendezvous that is lost in the middle of a body cuts the sender, who must not take a part for the whole', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const request = begin(relay, '/open')
  request.end()
  const message = await listener.nextRequest()
  const rendezvous = await listener.rendezvous(message.address)
  rendezvous.text(encodeResponse({ requestId: message.id, statusCode: 200, responseHeaders: {}, body: true }))
  rendezvous.send(Opcode.binary, 'half', { fin: false })
  const response = await head(request)
  rendezvous.abort()
  await assert.rejects(async () => {
    for await (const chunk of response) assert.ok(chunk)
  }, /aborted|ECONNRESET/)
})

test('response headers of one hop are stripped; the others pass', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const pending = send(relay, '/open')
  respond(listener, await listener.nextRequest(), {
    headers: {
      Connection: 'close',
      'Keep-Alive': 'timeout=5',
      'Transfer-Encoding': 'chunked',
      'Content-Length': '9999',
      'Content-Type': 'text/plain',
      'Set-Cookie': 'a=1',
      'X-Other': '1, 2',
    },
    body: 'ok',
  })
  const { headers, body } = await pending
  assert.equal(body.toString(), 'ok')
  assert.equal(headers['content-length'], '2')
  assert.equal(headers['keep-alive'], undefined)
  assert.equal(headers['content-type'], 'text/plain')
  assert.deepEqual(headers['set-cookie'], ['a=1'])
  assert.equal(headers['x-other'], '1, 2')
})

test('request headers of one hop and the credential are stripped; Host, Via and the others pass', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen('echo')
  const token = signToken(relay.access().send)
  const pending = send(relay, '/echo', {
    headers: {
      ServiceBusAuthorization: token,
      Authorization: 'Bearer bearbear',
      Connection: 'keep-alive, X-Hop',
      'X-Hop': 'gone',
      TE: 'trailers',
      'Proxy-Authorization': 'x',
      Via: '1.0 before',
    },
  })
  const request = await listener.nextRequest()
  const names = Object.keys(request.requestHeaders).map((name) => name.toLowerCase())
  for (const gone of ['servicebusauthorization', 'connection', 'x-hop', 'te', 'proxy-authorization']) {
    assert.ok(!names.includes(gone), gone)
  }
  assert.equal(request.requestHeaders['Authorization'], 'Bearer bearbear')
  assert.equal(request.requestHeaders['Via'], '1.0 before, 1.1 localhost')
  respond(listener, request)
  await pending
})

test('the token may be in the query, in ServiceBusAuthorization or in Authorization, and never reaches the listener', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen('echo')
  const token = signToken(relay.access().send)
  const bad = token.replace(/sig=[^&]*/, 'sig=bad')
  const ways: [string, Record<string, string>, string | undefined][] = [
    [`/echo?sb-hc-token=${encodeURIComponent(token)}&x=1`, { Authorization: 'Basic abc' }, 'Basic abc'],
    ['/echo?x=1', { ServiceBusAuthorization: token, Authorization: 'Basic abc' }, 'Basic abc'],
    ['/echo?x=1', { Authorization: token }, undefined],
    [`/echo?sb-hc-token=${encodeURIComponent(token)}&x=1`, { ServiceBusAuthorization: bad }, undefined],
  ]
  for (const [path, headers, authorization] of ways) {
    const pending = send(relay, path, { headers })
    const request = await listener.nextRequest()
    assert.equal(request.requestTarget, '/echo?x=1')
    assert.equal(request.requestHeaders['Authorization'], authorization)
    assert.doesNotMatch(JSON.stringify(request), /SharedAccessSignature/)
    respond(listener, request)
    assert.equal((await pending).status, 200)
  }
  const refusal = await send(relay, `/echo?sb-hc-token=${encodeURIComponent(bad)}`, {
    headers: { ServiceBusAuthorization: token },
  })
  assert.equal(refusal.status, 401, 'the token in the query wins')
})

test('the target is decoded once, but what would change its meaning stays encoded', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  for (const [typed, expected] of [
    ['/open/a%20b', '/open/a b'],
    ['/open/%C3%B8', '/open/ø'],
    ['/open/%3Fx%23y%25', '/open/%3Fx%23y%25'],
    ['/open/%0d%0aX-Evil:1', '/open/%0D%0AX-Evil:1'],
    ["/open?key='value'&&", "/open?key='value'&&"],
    ['/open?%2f%3a%3d%26', '/open?%2f%3a%3d%26'],
    ['/open?sb-hc-undefined', '/open?sb-hc-undefined'],
    ['/open?sb-hc-undefined=true', '/open'],
  ] as const) {
    const pending = send(relay, typed)
    const request = await listener.nextRequest()
    assert.equal(request.requestTarget.toLowerCase(), expected.toLowerCase(), typed)
    respond(listener, request)
    await pending
  }
})

test('HEAD, 204 and 304 have no body for the sender, whatever the listener sends', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const exchange = async (method: string, status: number, body: string | undefined): Promise<void> => {
    const pending = send(relay, '/open', { method })
    respond(listener, await listener.nextRequest(), { status, ...(body !== undefined && { body }) })
    const reply = await pending
    assert.deepEqual([reply.status, reply.body.length], [status, 0])
  }
  await exchange('HEAD', 200, 'bytes that nobody sees')
  await exchange('GET', 204, undefined)
  listener.control.binary('')
  await exchange('GET', 304, undefined)
  await exchange('GET', 204, 'stray')
})

test('status codes and reasons of the listener pass, also those that nobody registered', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  for (const status of [205, 306, 407, 418, 450, 500, 502, 504]) {
    const pending = send(relay, '/open')
    respond(listener, await listener.nextRequest(), { status, reason: `Reason ${status}` })
    const reply = await pending
    assert.deepEqual([reply.status, reply.reason], [status, `Reason ${status}`])
    assert.ok(reply.headers['via'], 'it came from a listener')
  }
})

test('responses may come in any order on one control channel', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const pendings: ReturnType<typeof send>[] = []
  const requests: Request[] = []
  for (let i = 0; i < 5; i += 1) {
    pendings.push(send(relay, `/open/${i}`))
    requests.push(await listener.nextRequest())
  }
  for (const request of requests.toReversed()) respond(listener, request, { body: request.requestTarget })
  const bodies = (await Promise.all(pendings)).map(({ body }) => body.toString())
  assert.deepEqual(bodies, ['/open/0', '/open/1', '/open/2', '/open/3', '/open/4'])
})

test('a listener that does not answer gives 504 with the tracking id after the deadline, settable for one entity', async () => {
  await using relay = await startTestRelay({
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [{ name: 'Root', rights: ['Listen', 'Send', 'Manage'] }],
          hybridConnections: [{ name: 'quick', requiresClientAuthorization: false, httpResponseTimeout: '200ms' }],
        },
      ],
    },
  })
  const listener = await relay.listen('quick')
  const pending = send(relay, '/quick')
  const request = await listener.nextRequest()
  const reply = await pending
  assert.equal(reply.status, 504)
  assert.match(reply.reason, /TrackingId:/)
  assert.equal((JSON.parse(reply.body.toString()) as { error: { code: string } }).error.code, 'GatewayTimeout')
  assert.equal(reply.headers['via'], undefined, 'it came from the relay')
  respond(listener, request, { body: 'late' })
  const next = send(relay, '/quick')
  respond(listener, await listener.nextRequest(), { body: 'in time' })
  assert.equal((await next).body.toString(), 'in time')
})

test('a body that stops coming is 408; a listener that never fetches one is 504', async () => {
  await using relay = await startTestRelay({ options: { httpResponseTimeout: '200ms' } })
  const listener = await relay.listen('open')
  const slow = begin(relay, '/open', { method: 'POST', headers: { 'Content-Length': 10 } })
  slow.write('half')
  assert.equal((await answer(slow)).status, 408)
  const large = begin(relay, '/open', { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } })
  large.write('more to come')
  assert.equal((await answer(large)).status, 504)
  const fetched = begin(relay, '/open', { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } })
  fetched.write('more to come')
  const pending = answer(fetched)
  await listener.messages.next()
  const message = await listener.messages.next()
  await listener.rendezvous(message.kind === 'requestAddress' ? message.address : '')
  assert.equal((await pending).status, 408)
})

test('a response that has begun is never turned into a 504: when it pauses too long it is cut', async () => {
  await using relay = await startTestRelay({ options: { httpResponseTimeout: '300ms' } })
  const listener = await relay.listen('open')
  const request = begin(relay, '/open')
  request.end()
  const message = await listener.nextRequest()
  const rendezvous = await listener.rendezvous(message.address)
  rendezvous.text(encodeResponse({ requestId: message.id, statusCode: 200, responseHeaders: {}, body: true }))
  rendezvous.send(Opcode.binary, 'begun', { fin: false })
  const response = await head(request)
  assert.equal(response.statusCode, 200)
  await assert.rejects(async () => {
    for await (const chunk of response) assert.equal(String(chunk), 'begun')
  })
})

test('no listener is 502, with the JSON error that clients read', async () => {
  await using relay = await open()
  const reply = await send(relay, '/open')
  assert.equal(reply.status, 502)
  assert.match(reply.reason, /There are no listeners connected.*TrackingId:.*SystemTracker:sb:\/\/localhost:\d+\/open/)
})

test('an unknown entity is 401 without a token and 404 with one for the namespace', async () => {
  await using relay = await open()
  assert.equal((await send(relay, '/nothing')).status, 401)
  const token = signToken(relay.access().send, { path: '' })
  const reply = await send(relay, '/nothing', { headers: { ServiceBusAuthorization: token } })
  assert.equal(reply.status, 404)
  assert.match(reply.reason, /^Endpoint does not exist/)
})

test('a listener that is lost fails its requests at once with 502', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const pending = send(relay, '/open')
  await listener.nextRequest()
  listener.control.abort()
  assert.equal((await pending).status, 502)
})

test('a request that has its rendezvous survives the loss of the control channel', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const pending = send(relay, '/open')
  const request = await listener.nextRequest()
  const rendezvous = await listener.rendezvous(request.address)
  rendezvous.text(encodeResponse({ requestId: request.id, statusCode: 200, responseHeaders: {}, body: true }))
  listener.control.abort()
  await listener.control.ended
  rendezvous.binary('still delivered')
  assert.equal((await pending).body.toString(), 'still delivered')
})

test('a sender that goes away ends the rendezvous of its request', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const request = begin(relay, '/open')
  request.on('error', () => {})
  request.end()
  const message = await listener.nextRequest()
  const rendezvous = await listener.rendezvous(message.address)
  rendezvous.text(encodeResponse({ requestId: message.id, statusCode: 200, responseHeaders: {}, body: true }))
  rendezvous.send(Opcode.binary, 'begun', { fin: false })
  await head(request)
  request.destroy()
  await rendezvous.ended
  await metrics.until(relay, 'postern_active_connections', 0)
  await metrics.until(relay, 'postern_pending_offers', 0)
})

test('the address of a request is worth nothing after its response: 101 and CLOSE, never a refusal', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const pending = send(relay, '/open')
  const request = await listener.nextRequest()
  respond(listener, request)
  await pending
  const late = await listener.rendezvous(request.address)
  const frame = await late.frames.next()
  assert.equal(frame.opcode, Opcode.close)
  await late.ended
})

test('Expect: 100-continue is answered when a listener can take the request, and refused before any body otherwise', async () => {
  await using relay = await open()
  const refusedRequest = begin(relay, '/open', {
    method: 'POST',
    headers: { Expect: '100-continue', 'Content-Length': 4 },
  })
  let continued = false
  refusedRequest.on('continue', () => {
    continued = true
  })
  refusedRequest.flushHeaders()
  assert.equal((await answer(refusedRequest)).status, 502)
  assert.equal(continued, false)
  const listener = await relay.listen('open')
  const request = begin(relay, '/open', { method: 'POST', headers: { Expect: '100-continue', 'Content-Length': 4 } })
  request.on('continue', () => request.end('body'))
  request.flushHeaders()
  const pending = answer(request)
  const message = await listener.nextRequest()
  assert.equal(message.requestHeaders['Expect'], undefined)
  assert.equal((await listener.others.next()).payload.toString(), 'body')
  respond(listener, message)
  assert.equal((await pending).status, 200)
})

test('server-sent events arrive as they are sent', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const request = begin(relay, '/open')
  request.end()
  const message = await listener.nextRequest()
  const rendezvous = await listener.rendezvous(message.address)
  rendezvous.text(
    encodeResponse({
      requestId: message.id,
      statusCode: 200,
      responseHeaders: { 'Content-Type': 'text/event-stream' },
      body: true,
    }),
  )
  const response = await head(request)
  const events = response[Symbol.asyncIterator]()
  for (let i = 0; i < 3; i += 1) {
    rendezvous.send(i === 0 ? Opcode.binary : Opcode.continuation, `data: ${i}\n\n`, { fin: false })
    assert.equal(String((await events.next()).value), `data: ${i}\n\n`)
  }
  rendezvous.send(Opcode.continuation, '', { fin: true })
  assert.equal((await events.next()).done, true)
})

test('a response that is not valid HTTP is 502 and harms nobody else', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  for (const status of [0, 99, 101, 1000]) {
    const pending = send(relay, '/open')
    respond(listener, await listener.nextRequest(), { status })
    assert.equal((await pending).status, 502)
  }
  const pending = send(relay, '/open')
  respond(listener, await listener.nextRequest(), {
    reason: 'a\r\nX-Evil: 1',
    headers: { 'X-Bad': 'a\r\nX-Evil: 2', 'bad name': 'x' },
    body: 'ok',
  })
  const reply = await pending
  assert.equal(reply.status, 200)
  assert.equal(reply.headers['x-evil'], undefined)
})

test('a head that fits no control message is refused with 431', async () => {
  await using relay = await open()
  await relay.listen('open')
  const reply = await send(relay, '/open', { headers: { 'X-Big': 'x'.repeat(40_000) } })
  assert.equal(reply.status, 431)
})

test('a large upload and download at once are held up by a slow end, not buffered', async () => {
  await using relay = await open()
  const listener = await relay.listen('open')
  const request = begin(relay, '/open', { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } })
  const total = 64 * 1024 * 1024
  let written = 0
  const chunk = randomBytes(65_536)
  const writing = (async () => {
    while (written < total) {
      written += chunk.length
      if (!request.write(chunk)) await new Promise((resolve) => request.once('drain', resolve))
    }
    request.end()
  })()
  const message = await listener.messages.next()
  const rendezvous = await listener.rendezvous(message.kind === 'requestAddress' ? message.address : '')
  const first = await rendezvous.frames.next()
  rendezvous.socket.pause()
  let last = -1
  while (last !== written) {
    last = written
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  assert.ok(written < total, 'the upload was held up')
  rendezvous.socket.resume()
  let received = 0
  for (let fin = false; !fin; ) {
    const frame = await rendezvous.frames.next()
    received += frame.payload.length
    fin = frame.fin
  }
  await writing
  assert.equal(received, total)
  const { request: full } = JSON.parse(first.payload.toString()) as { request: Request }
  rendezvous.text(encodeResponse({ requestId: full.id, statusCode: 200, responseHeaders: {}, body: false }))
  assert.equal((await answer(request)).status, 200)
})
