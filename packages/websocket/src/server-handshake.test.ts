import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptKey, formatSwitchingProtocols, readUpgradeRequest } from './server-handshake.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='

function headersWith(extra: Readonly<Record<string, string | undefined>> = {}): string[] {
  const headers: Record<string, string | undefined> = {
    Host: 'relay.example.test',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': key,
    'Sec-WebSocket-Version': '13',
    ...extra,
  }
  return Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
}

function read(extra?: Readonly<Record<string, string | undefined>>): ReturnType<typeof readUpgradeRequest> {
  return readUpgradeRequest({ method: 'GET', rawHeaders: headersWith(extra) })
}

test('the accept key is that of RFC 6455 section 1.3', () => {
  assert.equal(acceptKey(key), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})

test('a request is read with its subprotocols in order, whatever the case of the header names', () => {
  const request = readUpgradeRequest({
    method: 'GET',
    rawHeaders: [
      ['upgrade', 'WebSocket'],
      ['CONNECTION', 'keep-alive, Upgrade'],
      ['sec-websocket-key', key],
      ['Sec-Websocket-Version', '13'],
      ['Sec-WebSocket-Protocol', 'a,b'],
      ['sec-websocket-protocol', ' c '],
    ].flat(),
  })
  assert.deepEqual(request, { key, protocols: ['a', 'b', 'c'], offersDeflate: false })
})

test('permessage-deflate is offered when it may be accepted without parameters', () => {
  for (const [offer, expected] of [
    ['permessage-deflate', true],
    ['permessage-deflate; client_max_window_bits', true],
    ['x-other, Permessage-Deflate', true],
    ['permessage-deflate; server_no_context_takeover, permessage-deflate', true],
    ['permessage-deflate; server_no_context_takeover', false],
    ['permessage-deflate; client_max_window_bits; server_max_window_bits=10', false],
    ['permessage-deflate-frame', false],
    ['x-webkit-deflate-frame', false],
    ['', false],
  ] as const) {
    const request = read({ 'Sec-WebSocket-Extensions': offer })
    assert.equal('offersDeflate' in request && request.offersDeflate, expected, offer)
  }
})

test('a header whose name is a digit is a header like any other', () => {
  // hyco-ws sends its offer of permessage-deflate like that (observed); it is no offer.
  const request = read({ 0: 'Sec-WebSocket-Extensions: permessage-deflate' })
  assert.deepEqual(request, { key, protocols: [], offersDeflate: false })
})

test('what is no WebSocket handshake is refused with the reason', () => {
  const problems: [Readonly<Record<string, string | undefined>>, RegExp][] = [
    [{ Upgrade: 'h2c' }, /Upgrade/],
    [{ Upgrade: undefined }, /Upgrade/],
    [{ Connection: 'keep-alive' }, /Connection/],
    [{ 'Sec-WebSocket-Version': '8' }, /Version/],
    [{ 'Sec-WebSocket-Version': undefined }, /Version/],
    [{ 'Sec-WebSocket-Key': undefined }, /Key/],
    [{ 'Sec-WebSocket-Key': 'c2hvcnQ=' }, /Key/],
    [{ 'sec-websocket-key': key }, /Key/],
    [{ 'Sec-WebSocket-Protocol': 'a b' }, /Protocol/],
  ]
  for (const [extra, reason] of problems) {
    const request = read(extra)
    assert.ok('problem' in request, JSON.stringify(extra))
    assert.match(request.problem, reason)
  }
  const post = readUpgradeRequest({ method: 'POST', rawHeaders: headersWith() })
  assert.ok('problem' in post && /GET/.test(post.problem))
})

test('the answer has exactly the headers that clients expect', () => {
  assert.equal(
    formatSwitchingProtocols({ key }),
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
  )
  const full = formatSwitchingProtocols({
    key,
    protocol: 'a',
    extensions: 'permessage-deflate',
    headers: [['X-A', 'b']],
  })
  assert.match(full, /\r\nSec-WebSocket-Protocol: a\r\nSec-WebSocket-Extensions: permessage-deflate\r\nX-A: b\r\n\r\n$/)
})
