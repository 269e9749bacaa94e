import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { toConnectHeaders, toRequestHeaders, toResponseHeaders } from './relayed-headers.ts'

const keep = { dropAuthorization: false }
const drop = { dropAuthorization: true }
const via = '1.1 relay.example.test'

test('connectHeaders are the handshake of a hyco-ws sender without its token', () => {
  const rawHeaders = [
    'Connection',
    'Upgrade',
    'Upgrade',
    'websocket',
    'Host',
    'localhost',
    'Sec-WebSocket-Version',
    '13',
    'Sec-WebSocket-Key',
    'MTMtMTc5NTMyNTM5MzM1OA==',
    'ServiceBusAuthorization',
    'SharedAccessSignature sr=x',
    'Sec-WebSocket-Extensions',
    'permessage-deflate; client_max_window_bits',
    'X-Custom',
    'v1',
  ]
  assert.deepEqual(toConnectHeaders(rawHeaders, keep), {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    Host: 'localhost',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'MTMtMTc5NTMyNTM5MzM1OA==',
    'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
    'X-Custom': 'v1',
  })
})

test('Authorization reaches the listener unless it was the credential', () => {
  const rawHeaders = ['AUTHORIZATION', 'Bearer bearbear', 'servicebusauthorization', 'SharedAccessSignature ...']
  assert.deepEqual(toConnectHeaders(rawHeaders, keep), { AUTHORIZATION: 'Bearer bearbear' })
  assert.deepEqual(toConnectHeaders(rawHeaders, drop), {})
  assert.deepEqual(toRequestHeaders(rawHeaders, { ...keep, via }), { AUTHORIZATION: 'Bearer bearbear', Via: via })
  assert.deepEqual(toRequestHeaders(rawHeaders, { ...drop, via }), { Via: via })
})

test('requestHeaders lose what concerns only this connection, and keep Host', () => {
  const rawHeaders = [
    'Host',
    'localhost',
    'Connection',
    'keep-alive',
    'Content-Length',
    '5',
    'Transfer-Encoding',
    'chunked',
    'TE',
    'trailers',
    'Trailer',
    'X-Sum',
    'Upgrade',
    'h2c',
    'Close',
    'x',
    'Keep-Alive',
    'timeout=5',
    'Proxy-Authorization',
    'Basic x',
    'Proxy-Connection',
    'close',
    'Content-Type',
    'text/plain',
    'Accept',
    '*/*',
  ]
  assert.deepEqual(toRequestHeaders(rawHeaders, { ...keep, via }), {
    Host: 'localhost',
    'Content-Type': 'text/plain',
    Accept: '*/*',
    Via: via,
  })
})

test('headers that Connection names concern only this connection, but Via is always there', () => {
  const rawHeaders = [
    'Connection',
    'close, X-Hop',
    'x-hop',
    '1',
    'connection',
    'VIA',
    'Via',
    '1.0 outer',
    'Expect',
    '100-continue',
  ]
  assert.deepEqual(toRequestHeaders(rawHeaders, { ...keep, via }), { Via: `1.0 outer, ${via}` })
  assert.deepEqual(toResponseHeaders({ connection: 'x-hop , via', 'X-Hop': '1', Via: '1.1 inner', B: '2' }, { via }), [
    ['B', '2'],
    ['Via', `1.1 inner, ${via}`],
  ])
  assert.deepEqual(toConnectHeaders(['Connection', 'Upgrade, X-Hop', 'X-Hop', '1'], keep), {
    Connection: 'Upgrade, X-Hop',
    'X-Hop': '1',
  })
})

test('repeated headers become one under their first spelling', () => {
  const rawHeaders = ['X-Multi', '1', 'Cookie', 'a=1', 'x-multi', '2', 'cookie', 'b=2', 'via', '1.0 outer']
  assert.deepEqual(toRequestHeaders(rawHeaders, { ...keep, via }), {
    'X-Multi': '1, 2',
    Cookie: 'a=1; b=2',
    via: `1.0 outer, ${via}`,
  })
})

test('a header may be named 0 or __proto__ and is only a header', () => {
  const headers = toConnectHeaders(['0', 'zero', '__proto__', 'evil', 'constructor', 'c'], keep)
  assert.equal(headers['0'], 'zero')
  assert.equal(Object.getPrototypeOf(headers), Object.prototype)
  assert.deepEqual(Object.entries(headers), [
    ['0', 'zero'],
    ['__proto__', 'evil'],
    ['constructor', 'c'],
  ])
  assert.equal(({} as { evil?: unknown }).evil, undefined)
})

test('a name without its value is left out', () => {
  assert.deepEqual(toConnectHeaders(['a', '1', 'b'], keep), { a: '1' })
})

test('response headers of azbridge lose what concerns only its connection', () => {
  const headers = {
    'Content-Length': '5',
    Connection: 'keep-alive',
    'Keep-Alive': 'timeout=5',
    'Transfer-Encoding': 'chunked',
    'Proxy-Authenticate': 'Basic',
    Date: 'Tue, 24 Nov 2026 00:00:00 GMT',
    'Set-Cookie': 'a=1,b=2',
  }
  assert.deepEqual(toResponseHeaders(headers, { via }), [
    ['Date', 'Tue, 24 Nov 2026 00:00:00 GMT'],
    ['Set-Cookie', 'a=1,b=2'],
    ['Via', via],
  ])
})

test('Via of a response continues the listener’s own', () => {
  assert.deepEqual(toResponseHeaders({ via: '1.1 inner' }, { via }), [['Via', `1.1 inner, ${via}`]])
})

test('a listener cannot split the response, nor write what is no header', () => {
  const headers = {
    'X-A': 'v\r\nSet-Cookie: x=1\u0000',
    'bad name': 'x',
    '': 'x',
    'a:b': 'x',
    'x\r\ny': 'x',
    ü: 'x',
    T: '\ta\tb',
  }
  assert.deepEqual(toResponseHeaders(headers, { via }), [
    ['X-A', 'v Set-Cookie: x=1'],
    ['T', 'a\tb'],
    ['Via', via],
  ])
})

test('characters beyond Latin-1 become the bytes of their UTF-8 form', () => {
  assert.deepEqual(toResponseHeaders({ A: 'é', B: 'é€' }, { via }).slice(0, 2), [
    ['A', 'é'],
    ['B', Buffer.from('é€').toString('latin1')],
  ])
})

test('whatever a listener sends, the response headers are valid HTTP', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('Connection', 'x', '__proto__', 'VIA'))
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
      for (const [name, value] of toResponseHeaders(Object.fromEntries(pairs), { via })) {
        assert.match(name, /^[\w!#$%&'*+.^`|~-]+$/)
        assert.match(value, /^[\t\x20-\x7e\x80-\xff]*$/)
      }
    }),
  )
})

test('whatever a sender sends, the headers of its messages have string values and no credential', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (rawHeaders) => {
      const all = [
        ...rawHeaders,
        ...(rawHeaders.length % 2 ? [''] : []),
        'ServiceBusAuthorization',
        'SharedAccess-secret',
      ]
      for (const headers of [toConnectHeaders(all, drop), toRequestHeaders(all, { ...drop, via })]) {
        assert.ok(Object.values(headers).every((value) => typeof value === 'string'))
        assert.doesNotMatch(JSON.stringify(headers), /SharedAccess-secret/)
      }
    }),
  )
})

test('only the relay says the endpoint, whatever a sender writes', () => {
  const rawHeaders = ['Host', 'localhost', 'POSTERN-endpoint', 'evil:22', 'postern-endpoint', 'evil:23']
  assert.deepEqual(toConnectHeaders(rawHeaders, keep), { Host: 'localhost' })
  assert.deepEqual(toConnectHeaders(rawHeaders, { ...keep, endpoint: 'db.corp:5432' }), {
    Host: 'localhost',
    'Postern-Endpoint': 'db.corp:5432',
  })
})
