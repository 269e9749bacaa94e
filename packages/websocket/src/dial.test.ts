import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { WebSocketServer } from 'ws'
import { dialWebSocket } from './dial.ts'
import { HandshakeRefused } from './handshake-refused.ts'
import { acceptKey } from './server-handshake.ts'

/** For localhost and 127.0.0.1, valid until 2126, used by this file only. */
const testKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRLOEYFscMNT0c+ze
NOt1a3Bwo6A/WSXBorkdkOILbiShRANCAATx+rss7qbTQnor1MBGaGPgAqWHGC6L
31yVuzZcE5XJmmpQ7kYa5q7T3cL8kaxK9ECdkg1R2X22EdAYU82Y/A0t
-----END PRIVATE KEY-----`
const testCertificate = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUGe4KBOpL4/ZYLpOHATWt5WWf1d0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDAwMDQzMloYDzIxMjYxMDMx
MDAwNDMyWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATx+rss7qbTQnor1MBGaGPgAqWHGC6L31yVuzZcE5XJmmpQ7kYa5q7T
3cL8kaxK9ECdkg1R2X22EdAYU82Y/A0to28wbTAdBgNVHQ4EFgQUSgCbR/QmtxUu
Uuy2oDy/U6DbzwAwHwYDVR0jBBgwFoAUSgCbR/QmtxUuUuy2oDy/U6DbzwAwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgXOAscJPIQMTNWETK0MExkmcLmtq5sdrAxTVvYSuDAtUCIFxJ
1GRolpG69PzMYe8z3sqBePRjJrPZ0Wu+0CaAihnq
-----END CERTIFICATE-----`

function portOf(server: { address(): AddressInfo | string | null }): number {
  return (server.address() as AddressInfo).port
}

/** A TCP server whose answers are text; `requests` is what clients sent. */
async function startRaw(
  t: TestContext,
  answer: (request: string) => string | Buffer | undefined,
): Promise<{ url: string; requests: string[]; server: Server }> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let request = ''
    socket.on('data', (chunk) => {
      request += chunk.toString('latin1')
      if (!request.includes('\r\n\r\n')) return
      requests.push(request)
      const reply = answer(request)
      if (reply !== undefined) socket.write(reply)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `ws://127.0.0.1:${portOf(server)}`, requests, server }
}

function accepting(request: string, headers: readonly string[] = []): string {
  const key = /sec-websocket-key: (\S+)/i.exec(request)?.[1] ?? ''
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  return `${[...lines, `Sec-WebSocket-Accept: ${acceptKey(key)}`, ...headers].join('\r\n')}\r\n\r\n`
}

async function refusalOf(promise: Promise<unknown>): Promise<HandshakeRefused> {
  const error: unknown = await promise.then(
    () => assert.fail('the handshake was not refused'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof HandshakeRefused, String(error))
  return error
}

test('sends path and query as they are written, and the headers that were given', async (t) => {
  const { url, requests } = await startRaw(t, accepting)
  const { socket } = await dialWebSocket({
    url: `${url}/$hc/a%20b/../c?x='1'&sb-hc-action=listen&y=%2F`,
    headers: { ServiceBusAuthorization: 'SharedAccessSignature sr=x', 'X-Other': '1' },
  })
  socket.destroy()
  const [request = ''] = requests
  assert.ok(request.startsWith("GET /$hc/a%20b/../c?x='1'&sb-hc-action=listen&y=%2F HTTP/1.1\r\nHost: 127.0.0.1:"))
  assert.match(request, /\r\nServiceBusAuthorization: SharedAccessSignature sr=x\r\nX-Other: 1\r\n/)
  assert.match(request, /\r\nSec-WebSocket-Version: 13\r\n/)
  assert.match(request, /\r\nSec-WebSocket-Key: [A-Za-z0-9+/]{22}==\r\n/)
  assert.doesNotMatch(request, /Sec-WebSocket-(?:Protocol|Extensions)/)
})

test('asks for / when the URL has no path, and keeps a query that has none', async (t) => {
  const { url, requests } = await startRaw(t, accepting)
  for (const path of ['', '?a=b']) (await dialWebSocket({ url: `${url}${path}` })).socket.destroy()
  assert.deepEqual(
    requests.map((request) => request.split('\r\n', 1)[0]),
    ['GET / HTTP/1.1', 'GET /?a=b HTTP/1.1'],
  )
})

test('gives what came right behind the answer, and a paused socket', async (t) => {
  const { url } = await startRaw(t, (request) => Buffer.from(`${accepting(request)}\x81\x02hi`, 'latin1'))
  const { socket, head } = await dialWebSocket({ url })
  assert.equal(Buffer.from(head).toString('latin1'), '\x81\x02hi')
  assert.equal(socket.isPaused(), true)
  socket.destroy()
})

test('reads an answer that comes byte by byte', async (t) => {
  let socket: Socket | undefined
  const { url, server } = await startRaw(t, (request) => {
    const sender = socket
    assert.ok(sender)
    void (async () => {
      sender.setNoDelay(true)
      for (const byte of Buffer.from(accepting(request, ['X-A: 1', 'x-a: 2']))) {
        sender.write(Uint8Array.of(byte))
        await new Promise(setImmediate)
      }
    })()
    return undefined
  })
  server.on('connection', (connected: Socket) => {
    socket = connected
  })
  const dialed = await dialWebSocket({ url })
  assert.equal(dialed.headers['x-a'], '1, 2')
  dialed.socket.destroy()
})

test('agrees on a subprotocol and an extension with a ws server', async (t) => {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    perMessageDeflate: true,
    handleProtocols: (offered) => [...offered][1] ?? false,
  })
  await once(server, 'listening')
  t.after(() => server.close())
  const { socket, protocol, extensions } = await dialWebSocket({
    url: `ws://127.0.0.1:${portOf(server)}`,
    protocols: ['a', 'b'],
    extensions: 'permessage-deflate',
  })
  assert.deepEqual([protocol, extensions], ['b', 'permessage-deflate'])
  socket.destroy()
})

test('a refusal carries status, reason phrase, headers and body', async (t) => {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    verifyClient: (_info, done) => done(false, 401, 'no token', { 'X-Tracking': 'abc' }),
  })
  await once(server, 'listening')
  t.after(() => server.close())
  const refused = await refusalOf(dialWebSocket({ url: `ws://127.0.0.1:${portOf(server)}` }))
  assert.deepEqual([refused.status, refused.reason, refused.headers['x-tracking']], [401, 'Unauthorized', 'abc'])
  assert.equal(refused.body, 'no token')
})

test('a reason phrase of the relay comes word for word, also without a body', async (t) => {
  const reason = 'Endpoint does not exist. TrackingId:1, SystemTracker:sb://h/e, Timestamp:2024-09-24T15:06:04'
  const { url } = await startRaw(t, () => `HTTP/1.1 404 ${reason}\r\nContent-Length: 0\r\nRetry-After: 3\r\n\r\n`)
  const refused = await refusalOf(dialWebSocket({ url }))
  assert.deepEqual([refused.status, refused.reason, refused.body], [404, reason, ''])
  assert.equal(refused.headers['retry-after'], '3')
})

test('an answer that is no correct 101 is refused', async (t) => {
  const wrong: [string, (request: string) => string][] = [
    ['another key', (request) => accepting(request.replace(/Key: ./, 'Key: _'))],
    ['no Upgrade', (request) => accepting(request).replace('Upgrade: websocket\r\n', '')],
    ['a subprotocol nobody asked for', (request) => accepting(request, ['Sec-WebSocket-Protocol: x'])],
    [
      'an extension nobody asked for',
      (request) => accepting(request, ['Sec-WebSocket-Extensions: permessage-deflate']),
    ],
    ['200', () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'],
  ]
  for (const [what, answer] of wrong) {
    const { url } = await startRaw(t, answer)
    await refusalOf(dialWebSocket({ url })).catch((error: unknown) => assert.fail(`${what}: ${String(error)}`))
  }
})

test('what is not HTTP, and a server that hangs up, fail', async (t) => {
  const { url } = await startRaw(t, () => 'SSH-2.0-OpenSSH\r\n\r\n')
  await assert.rejects(dialWebSocket({ url }), /not HTTP/)
  const hangingUp = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
  await once(hangingUp, 'listening')
  t.after(() => hangingUp.close())
  await assert.rejects(dialWebSocket({ url: `ws://127.0.0.1:${portOf(hangingUp)}` }))
})

test('an address where nobody listens fails with the error of the system', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  await assert.rejects(dialWebSocket({ url: `ws://127.0.0.1:${port}` }), { code: 'ECONNREFUSED' })
})

test('a server that says nothing is given up after the time-out, and by the signal', async (t) => {
  const { url, server } = await startRaw(t, () => undefined)
  const gone = once(server, 'connection').then(([socket]) => once(socket as Socket, 'close'))
  await assert.rejects(dialWebSocket({ url, handshakeTimeoutMs: 20 }), { name: 'TimeoutError' })
  await gone
  const reason = new Error('changed my mind')
  const controller = new AbortController()
  const dialing = dialWebSocket({ url, signal: controller.signal })
  await once(server, 'connection')
  controller.abort(reason)
  await assert.rejects(dialing, reason)
  await assert.rejects(dialWebSocket({ url, signal: AbortSignal.abort(reason) }), reason)
})

test('line ends in URL and headers are refused before anything is sent', async () => {
  await assert.rejects(dialWebSocket({ url: 'ws://127.0.0.1:1/a\r\nX: y' }), TypeError)
  await assert.rejects(dialWebSocket({ url: 'http://127.0.0.1/' }), TypeError)
})

test('a header with a line end is refused', async (t) => {
  const { url, requests } = await startRaw(t, accepting)
  await assert.rejects(dialWebSocket({ url, headers: { 'X-A': 'b\r\nX-Injected: c' } }), TypeError)
  assert.deepEqual(requests, [])
})

test('a socket that fails after the handshake, before anybody listens, does not end the process', async (t) => {
  const { url, server } = await startRaw(t, accepting)
  const connected = once(server, 'connection')
  const { socket } = await dialWebSocket({ url })
  const [peer] = (await connected) as [Socket]
  // Not events.once: it would listen for the error.
  const closed = new Promise((resolve) => {
    socket.on('close', resolve)
  })
  peer.resetAndDestroy()
  socket.resume()
  assert.equal(await closed, true)
})

async function startTls(t: TestContext): Promise<{ port: number; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const server = createHttpsServer({ key: testKey, cert: testCertificate })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (_socket, request) => requests.push(request))
  server.listen(0)
  await once(server, 'listening')
  t.after(() => {
    for (const client of sockets.clients) client.terminate()
    server.close()
  })
  return { port: portOf(server), requests }
}

test('wss: trusts the given authority for a host name and for an address', async (t) => {
  const { port, requests } = await startTls(t)
  for (const host of ['localhost', '127.0.0.1']) {
    const { socket } = await dialWebSocket({ url: `wss://${host}:${port}/x`, tls: { ca: testCertificate } })
    assert.ok(socket instanceof TLSSocket && socket.authorized)
    socket.destroy()
  }
  assert.deepEqual(
    requests.map((request) => request.headers.host),
    [`localhost:${port}`, `127.0.0.1:${port}`],
  )
})

test('wss: refuses a certificate that nobody vouches for, or of another name', async (t) => {
  const { port } = await startTls(t)
  await assert.rejects(dialWebSocket({ url: `wss://localhost:${port}/` }), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  await assert.rejects(
    dialWebSocket({ url: `wss://127.0.0.1:${port}/`, tls: { ca: testCertificate, servername: 'other.test' } }),
    { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  )
})

test('a stream of the caller is used instead of a connection of our own', async (t) => {
  const server = createHttpServer()
  const sockets = new WebSocketServer({ server })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const client of sockets.clients) client.terminate()
    server.close()
  })
  const asked: string[] = []
  const { socket } = await dialWebSocket({
    url: 'ws://relay.example.test/x',
    connect: async ({ host, port, secure }): Promise<Duplex> => {
      asked.push(`${host} ${port} ${secure}`)
      const stream = connect(portOf(server), '127.0.0.1')
      await once(stream, 'connect')
      return stream
    },
  })
  assert.deepEqual(asked, ['relay.example.test 80 false'])
  socket.destroy()
})
