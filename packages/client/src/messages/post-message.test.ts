import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { startTestProxy } from '@postern/testkit'
import { Sender } from '../sender/sender.ts'
import { createKeyTokenProvider } from '../tokens/shared-access-key.ts'

const receipt = { 'sb-hc-receivers': '2', 'sb-hc-message-id': '6d0f' }

/** A door that answers as the test says. */
async function startDoor(
  answer: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void,
): Promise<AsyncDisposable & { readonly location: { host: string; port: number; tls: false; path: string } }> {
  const server = createServer((request, response) => {
    buffer(request).then(
      (body) => answer(request, body, response),
      () => {},
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    location: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, tls: false, path: 'site/events' },
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

test('a message goes by POST with its suffix, query, headers and token, and the receipt comes back', async () => {
  const seen: unknown[] = []
  await using door = await startDoor((request, body, response) => {
    const { 'content-type': type, 'x-kind': kind, servicebusauthorization: token } = request.headers
    seen.push(request.method, request.url?.replace(/sb-hc-id=.*/, ''), type, kind, String(body))
    assert.match(String(token), /^SharedAccessSignature sr=http%3a%2f%2f127\.0\.0\.1%2fsite%2fevents&/i)
    response.writeHead(202, receipt).end()
  })
  const tokenProvider = createKeyTokenProvider({ keyName: 'send', key: 'secret' })
  const sender = new Sender({ ...door.location, tokenProvider })
  const options = { suffix: 'eu%20west', query: 'x=1', headers: { 'X-Kind': 'price' }, contentType: 'application/json' }
  assert.deepEqual(await sender.publish('{"a":1}', options), { receivers: 2, messageId: '6d0f' })
  assert.deepEqual(seen, [
    'POST',
    '/site/events/eu%20west?x=1&sb-hc-action=publish&',
    'application/json',
    'price',
    '{"a":1}',
  ])
})

test('text, bytes and streams are sent whole, each with the content type that fits', async () => {
  const seen: string[] = []
  await using door = await startDoor((request, body, response) => {
    seen.push(`${request.headers['content-type']} ${request.headers['content-length']} ${body.toString('hex')}`)
    response.writeHead(202, receipt).end()
  })
  const sender = new Sender(door.location)
  await sender.send('grün')
  await sender.send(Uint8Array.of(0, 255))
  await sender.send(Readable.from([Buffer.of(1), Buffer.of(2)]))
  await sender.send('')
  assert.deepEqual(seen, [
    'text/plain; charset=utf-8 5 6772c3bc6e',
    'application/octet-stream 2 00ff',
    'application/octet-stream 2 0102',
    'text/plain; charset=utf-8 0 ',
  ])
})

test('a body beyond 64 KiB is refused before anything is sent, also one that has no end', async () => {
  let requests = 0
  await using door = await startDoor((_request, body, response) => {
    requests += 1
    assert.equal(body.length, 65_536)
    response.writeHead(202, receipt).end()
  })
  const sender = new Sender(door.location)
  async function* endless() {
    for (;;) yield 'more and more'
  }
  await assert.rejects(sender.send(Buffer.alloc(65_537)), { code: 'MessageTooLarge', httpStatus: 413 })
  await assert.rejects(sender.send(endless()), { code: 'MessageTooLarge' })
  await sender.send(Buffer.alloc(65_536))
  assert.equal(requests, 1)
})

for (const [status, phrase, headers, expected] of [
  [
    502,
    'There are no listeners connected for the endpoint. TrackingId:1_G0, SystemTracker:sb://x/y',
    {},
    { code: 'NoListenersForRequest', isTransient: true, trackingId: '1_G0' },
  ],
  [401, 'ExpiredToken: The token has expired. TrackingId:1', {}, { code: 'TokenExpired', isTransient: false }],
  [404, 'Endpoint does not exist. TrackingId:1', {}, { code: 'EndpointNotFound' }],
  [503, 'Try again', { 'Retry-After': '7' }, { code: 'ServerBusy', retryAfterMs: 7_000 }],
  [413, 'Payload Too Large', {}, { code: 'MessageTooLarge' }],
] as const) {
  test(`an answer with ${status} "${phrase.slice(0, 20)}" is ${expected.code}`, async () => {
    await using door = await startDoor((_request, _body, response) => response.writeHead(status, phrase, headers).end())
    await assert.rejects(new Sender(door.location).send('x'), { name: 'RelayError', httpStatus: status, ...expected })
  })
}

test('where a proxy dropped the reason phrase, the body says what is wrong', async () => {
  await using door = await startDoor((_request, _body, response) =>
    response.writeHead(401, '').end('MissingRight: The rule of the token does not have the right. TrackingId:7_G0\n'),
  )
  await assert.rejects(new Sender(door.location).send('x'), { httpStatus: 401, trackingId: '7_G0' })
})

test('a relay that takes the message for a request is told by its answer', async () => {
  await using door = await startDoor((_request, _body, response) => response.end('hello from a listener'))
  await assert.rejects(new Sender(door.location).send('x'), { code: 'ProtocolViolation', help: /knows no messages/ })
})

test('a connection that breaks before the answer leaves it unknown whether the message arrived', async () => {
  await using door = await startDoor((request) => request.socket.destroy())
  await assert.rejects(new Sender(door.location).send('x'), {
    code: 'DeliveryUnknown',
    message: /it is not known whether the message arrived/,
  })
})

test('an answer that does not come is given up at the deadline, and by the signal with its reason', async () => {
  await using door = await startDoor(() => {})
  const sender = new Sender(door.location)
  await assert.rejects(sender.send('x', { timeoutMs: 100 }), { code: 'DeliveryUnknown', message: /in time/ })
  const abort = new AbortController()
  const sending = sender.send('x', { signal: abort.signal })
  abort.abort(new Error('changed my mind'))
  await assert.rejects(sending, { message: 'changed my mind' })
})

test('nobody at the address is ConnectionFailed: the message did not leave', async () => {
  const door = await startDoor(() => {})
  await door[Symbol.asyncDispose]()
  await assert.rejects(new Sender(door.location).send('x'), { code: 'ConnectionFailed', message: /ECONNREFUSED/ })
})

test('headers that would change the request or forge the relay are refused', async () => {
  const sender = new Sender({ host: '127.0.0.1', port: 1, path: 'x', tls: false })
  for (const headers of [
    { 'Content-Length': '1' },
    { 'Transfer-Encoding': 'chunked' },
    { Host: 'other' },
    { 'sb-hc-delivery': 'send' },
    { 'X-A': 'a\r\nX-B: b' },
    { 'X A': 'b' },
  ] as Record<string, string>[]) {
    await assert.rejects(sender.send('x', { headers }), { code: 'InvalidConfiguration' })
  }
})

test('an expired token is replaced once, and the message is sent again', async () => {
  const tokens: unknown[] = []
  await using door = await startDoor((request, _body, response) => {
    tokens.push(request.headers['servicebusauthorization'])
    if (tokens.length === 1) response.writeHead(401, 'ExpiredToken: The token has expired').end()
    else response.writeHead(202, receipt).end()
  })
  let given = 0
  const tokenProvider = { getToken: async ({ fresh = false }) => ({ text: `${fresh} ${(given += 1)}` }) }
  await new Sender({ ...door.location, tokenProvider }).send('x')
  assert.deepEqual(tokens, ['false 1', 'true 2'])
})

test('messages go by way of the proxy that connections go by', async () => {
  await using door = await startDoor((_request, _body, response) => response.writeHead(202, receipt).end())
  await using proxy = await startTestProxy({ kind: 'http' })
  await new Sender({ ...door.location, proxy: proxy.url }).send('x')
  assert.deepEqual(proxy.asked, [`127.0.0.1:${door.location.port}`])
})
