// HTTP that two readers understand differently: requests that hide another one, responses that carry a second head.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type ScriptedListener, startTestRelay, type TestRelay } from '@postern/testkit'
import { Opcode } from '@postern/websocket'
import { send } from './http-client.ts'
import { dialRaw, exchange, readAll, readAnswer, upgradeHead } from './stranger.ts'

async function openRelay(test: TestContext): Promise<{ relay: TestRelay; listener: ScriptedListener }> {
  const relay = await startTestRelay()
  test.after(() => relay[Symbol.asyncDispose]())
  return { relay, listener: await relay.listen('open') }
}

const hidden = 'GET /open/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Each is one request for a lenient reader, and something else for another one. */
const ambiguous: Readonly<Record<string, string>> = {
  'a length and chunks': 'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'chunks and a length': 'Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n',
  'two lengths': 'Content-Length: 0\r\nContent-Length: 51\r\n\r\n',
  'a list of lengths': 'Content-Length: 0, 51\r\n\r\n',
  'a length with a sign': 'Content-Length: +0\r\n\r\n',
  'a negative length': 'Content-Length: -1\r\n\r\n',
  'a length in hex': 'Content-Length: 0x33\r\n\r\n',
  'a length with a space in it': 'Content-Length: 5 1\r\n\r\n',
  'a length beyond 64 bits': 'Content-Length: 18446744073709551616\r\n\r\n',
  'chunked that is not last': 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
  'an encoding that only looks like chunked': 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
  'chunked behind a vertical tab': 'Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n',
  'a space before the colon': 'Content-Length : 51\r\n\r\n',
  'a folded line': 'X: 1\r\n Content-Length: 51\r\n\r\n',
  'a bare CR in a header': 'X: 1\rContent-Length: 51\r\n\r\n',
  'a NUL in a header': 'X: 1\x00\r\n\r\n',
  'a header without a name': ': 1\r\n\r\n',
  'a header without a colon': 'X\r\n\r\n',
  'a chunk size with a sign': 'Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n',
  'a chunk size beyond 64 bits': 'Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n',
  'a chunk that is longer than it says': 'Transfer-Encoding: chunked\r\n\r\n1\r\nxGET\r\n0\r\n\r\n',
}

for (const [what, rest] of Object.entries(ambiguous)) {
  test(`a request with ${what} is refused, and nothing behind it is a request`, async (t) => {
    const { relay, listener } = await openRelay(t)
    const socket = await dialRaw(relay)
    const reading = readAll(socket)
    socket.write(`POST /open/first HTTP/1.1\r\nHost: localhost\r\n${rest}${hidden}`, 'latin1')
    const text = await reading
    assert.match(text, /^HTTP\/1\.1 400 [^\r]+\r\n/)
    assert.match(text, /\r\nConnection: close\r\n/i)
    assert.equal(text.split('HTTP/1.1').length, 2, text)
    for (let waiting = listener.messages.size; waiting > 0; waiting--) {
      // A chunked upload may have been announced before its fault came; the hidden request never.
      assert.notEqual((await listener.messages.next()).kind, 'request')
    }
  })
}

test('an encoding of the body that nobody takes off is refused, not lost', async (t) => {
  const { relay, listener } = await openRelay(t)
  for (const encoding of ['gzip, chunked', 'identity, chunked', 'chunked, chunked']) {
    const head = `POST /open HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: ${encoding}\r\n\r\n`
    assert.equal((await exchange(relay, head)).status, 400, encoding)
  }
  assert.equal(listener.messages.size, 0)
})

test('what stands behind a refused upgrade is no request', async (t) => {
  const { relay, listener } = await openRelay(t)
  for (const head of [upgradeHead('/$hc/nothing'), upgradeHead('/$hc/open?sb-hc-action=x'), upgradeHead('/open')]) {
    const socket = await dialRaw(relay)
    const reading = readAll(socket)
    socket.write(head + hidden)
    assert.equal((await reading).split('HTTP/1.1').length, 2)
  }
  assert.equal(listener.messages.size, 0)
})

test('what stands behind an accepted upgrade is frames, never a request', async (t) => {
  const { relay, listener } = await openRelay(t)
  const socket = await dialRaw(relay)
  const reading = readAll(socket)
  socket.write(upgradeHead('/$hc/open') + hidden)
  const rendezvous = await listener.rendezvous((await listener.nextAccept()).address)
  const text = await reading
  assert.match(text, /^HTTP\/1.1 101 /)
  assert.equal(text.split('HTTP/1.1').length, 2)
  await rendezvous.ended
  assert.equal(listener.messages.size, 0)
})

test('methods and targets that are no HTTP are refused', async (t) => {
  const { relay, listener } = await openRelay(t)
  for (const line of [
    'G\x00T /open HTTP/1.1',
    'GET /open HTTP/2.0',
    'GET /open HTTP/1.1 x',
    'GET /o\x00pen HTTP/1.1',
    'GET /o pen HTTP/1.1',
    'get /open HTTP/1.1',
    'MADE-UP /open HTTP/1.1',
    'PRI * HTTP/2.0',
    'GET /open',
  ]) {
    const answer = await exchange(relay, `${line}\r\nHost: localhost\r\n\r\n`)
    assert.equal(answer.status, 400, JSON.stringify(line))
  }
  assert.equal((await exchange(relay, 'CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n')).status, 405)
  assert.equal(listener.messages.size, 0)
})

interface Head {
  readonly statusCode?: number | string
  readonly statusDescription?: string
  readonly responseHeaders?: Record<string, unknown>
  readonly body?: boolean
}

/** The whole text that a sender gets for a listener's response head. */
async function answered(relay: TestRelay, listener: ScriptedListener, head: Head, method = 'GET'): Promise<string> {
  const socket = await dialRaw(relay)
  const reading = readAll(socket)
  socket.write(`${method} /open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  const { id } = await listener.nextRequest()
  listener.control.text(JSON.stringify({ response: { requestId: id, statusCode: 200, ...head } }))
  if (head.body) listener.control.send(Opcode.binary, 'body')
  return reading
}

test('a listener cannot put a second head or a header of its own making into a response', async (t) => {
  const { relay, listener } = await openRelay(t)
  const evil = '\r\nX-Evil: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
  for (const head of [
    { statusDescription: `OK${evil}` },
    { statusDescription: `OK${evil.replaceAll('\r', '')}` },
    { statusDescription: 'OK\u010d\u010aX-Evil: 1' },
    { responseHeaders: { 'X-A': `1${evil}` } },
    { responseHeaders: { 'X-A': ['1', evil] } },
    { responseHeaders: { 'X-A\r\nX-Evil': '1' } },
    { responseHeaders: { 'X-Evil: 1\r\nX-B': '1' } },
    { responseHeaders: { 'X-A': '1\u010d\u010aX-Evil: 1' } },
    { responseHeaders: { 'X-A': '1\0\u000b\u001b[2J' } },
    { responseHeaders: { Via: evil } },
  ]) {
    const text = await answered(relay, listener, head)
    assert.match(text, /^HTTP\/1\.1 200 /)
    assert.doesNotMatch(text, /^X-Evil/im, JSON.stringify(head))
    assert.equal(text.split('\r\n\r\n').length, 2, 'one head')
    assert.doesNotMatch(text, /[\0\v\u001b]/)
  }
})

test('a listener cannot frame a response in its own way', async (t) => {
  const { relay, listener } = await openRelay(t)
  for (const responseHeaders of [
    { 'Content-Length': '0' },
    { 'content-length': '1000' },
    { 'Transfer-Encoding': 'chunked' },
    { 'Transfer-Encoding': 'gzip' },
    { Connection: 'keep-alive, X-Hop', 'X-Hop': '1', 'Keep-Alive': 'timeout=9' },
    { Connection: 'upgrade', Upgrade: 'h2c' },
    { Trailer: 'X', TE: 'trailers', 'Proxy-Authenticate': 'Basic' },
    { 'Content-Length': ['4', '5'], 'CONTENT-LENGTH': '6' },
  ]) {
    const answer = readAnswer(await answered(relay, listener, { responseHeaders, body: true }))
    assert.equal(answer.headers['content-length'], '4')
    assert.equal(answer.body, 'body')
    const names = Object.keys(answer.headers)
    for (const name of ['transfer-encoding', 'upgrade', 'trailer', 'te', 'x-hop', 'keep-alive', 'proxy-authenticate']) {
      assert.ok(!names.includes(name), name)
    }
  }
})

test('statuses without a body carry none, whatever the listener sends', async (t) => {
  const { relay, listener } = await openRelay(t)
  for (const [statusCode, method] of [
    [204, 'GET'],
    [304, 'GET'],
    [200, 'HEAD'],
  ] as const) {
    const text = await answered(relay, listener, { statusCode, body: true }, method)
    assert.ok(text.endsWith('\r\n\r\n'), text)
  }
})

test('a status that is no final one is a fault of the listener', async (t) => {
  const { relay, listener } = await openRelay(t)
  for (const statusCode of [100, 101, 103, 199, 0, -200, 1000, 200.5, '2e2', 'x', '0200', '']) {
    assert.equal(readAnswer(await answered(relay, listener, { statusCode })).status, 502, String(statusCode))
  }
})

test('headers of a hostile name are headers like any other, both ways', async (t) => {
  const { relay, listener } = await openRelay(t)
  const pending = send(relay, '/open', { headers: { '0': 'zero', constructor: 'c', hasownproperty: 'h' } })
  const request = await listener.nextRequest()
  assert.deepEqual(
    [request.requestHeaders['0'], request.requestHeaders['constructor'], request.requestHeaders['hasownproperty']],
    ['zero', 'c', 'h'],
  )
  const responseHeaders = '{"__proto__":"p","constructor":"c","toString":"t"}'
  listener.control.text(
    `{"response":{"requestId":"${request.id}","statusCode":200,"responseHeaders":${responseHeaders}}}`,
  )
  const { headers, status } = await pending
  assert.equal(status, 200)
  assert.equal(headers['constructor'], 'c')
  assert.equal(Object.getPrototypeOf({}), Object.prototype)
})
