// Many services on one public port, by TLS server name and by HTTP Host, and what stands before them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import * as http from 'node:http'
import * as https from 'node:https'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import * as tls from 'node:tls'
import { Secret } from '@postern/program'
import { createTestAuthority } from '@postern/testkit'
import { PasswordHasher } from '../../packages/server/src/identity/password-hasher.ts'
import { TcpTarget } from '../system/tcp-target.ts'
import { auditRecords } from './audit-records.ts'
import { portOf, serveTargets, startIngressRelay } from './ingress-bed.ts'
import { refusalCounts } from './recording-logger.ts'

const signal = (): AbortSignal => AbortSignal.timeout(15_000)

function dial(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  return socket
}

/** A service that speaks TLS as `name` and tells it to whoever asks. */
async function tlsService(t: TestContext, name: string, authority: Awaited<ReturnType<typeof createTestAuthority>>) {
  const server = tls.createServer(await authority.issue({ hosts: [name] }), (socket) => {
    socket.on('error', () => {})
    socket.once('data', (question) => socket.end(`${name} heard ${question}`))
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as { port: number }).port
}

async function httpService(t: TestContext, name: string): Promise<number> {
  const server = http.createServer((request, response) => {
    text(request).then(
      (body) => {
        response.setHeader('X-Site', name)
        response.end(JSON.stringify({ name, url: request.url, headers: request.headers, body }))
      },
      () => {},
    )
  })
  server.on('upgrade', (request, socket) => {
    socket.on('error', () => {})
    if (request.url === '/refuses') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
      return
    }
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as { port: number }).port
}

interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

async function get(options: https.RequestOptions, body?: string): Promise<Answer> {
  const isTls = options.ca !== undefined
  const request = (isTls ? https : http).request({ host: '127.0.0.1', signal: signal(), ...options })
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }
}

test('TLS services share a port by their names, untouched; who names none or another one gets the alert unrecognized_name', async (t) => {
  const authority = await createTestAuthority('sites')
  const [site, other] = [await tlsService(t, 'site.test', authority), await tlsService(t, 'a.other.test', authority)]
  await using relay = await startIngressRelay([
    { name: 'site', port: 0, sni: ['Site.test'], hybridConnection: 'site', access: 'open' },
    { name: 'other', port: 0, sni: ['*.other.test'], hybridConnection: 'other', access: 'open' },
  ])
  await using _ = await serveTargets(relay, { site, other })
  const port = portOf(relay, 'site')
  assert.equal(portOf(relay, 'other'), port)
  for (const servername of ['site.test', 'a.other.test']) {
    const socket = tls.connect({ port, host: '127.0.0.1', servername, ca: authority.certPem })
    socket.write('hello')
    assert.equal(await text(socket), `${servername} heard hello`)
  }
  for (const servername of ['nobody.test', undefined, 'a.b.other.test', 'x'.repeat(200)]) {
    const socket = tls.connect({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...(servername && { servername }),
    })
    const [error] = (await once(socket, 'error', { signal: signal() })) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME', servername)
  }
  const plain = dial(port)
  plain.write('GET / HTTP/1.1\r\nHost: site.test\r\n\r\n')
  assert.match(await text(plain), /^HTTP\/1\.1 400 .*This port speaks TLS\.\n$/s)
})

test('a hello that comes byte by byte is understood, and one that never ends is not waited for', async (t) => {
  const authority = await createTestAuthority('slow')
  const site = await tlsService(t, 'site.test', authority)
  await using relay = await startIngressRelay(
    [{ name: 'site', port: 0, sni: ['site.test'], hybridConnection: 'site', access: 'open' }],
    { options: { handshakeTimeout: '1s' } },
  )
  await using _ = await serveTargets(relay, { site })
  const port = portOf(relay, 'site')
  const raw = dial(port)
  await once(raw, 'connect')
  raw.setNoDelay(true)
  const trickle = raw.write.bind(raw)
  raw.write = (chunk: Uint8Array) => {
    for (const byte of chunk) trickle(Uint8Array.of(byte))
    return true
  }
  const socket = tls.connect({ socket: raw, servername: 'site.test', ca: authority.certPem })
  socket.write('hello')
  assert.equal(await text(socket), 'site.test heard hello')

  const hostile: readonly (readonly number[])[] = [
    [],
    [22],
    [22, 3, 1, 64, 0, 1],
    // A thousand records of a byte each; one of full length that is not there; no hello at all.
    Array.from({ length: 1000 }, () => [22, 3, 1, 0, 1, 1]).flat(),
    [22, 3, 1, 255, 255, 1, 0, 255, 255],
    [0, 0, 0, 8, 4, 210],
    [1, 2, 3],
    [...Buffer.from('GET / HTTP/1.1\r\n')],
  ]
  for (const bytes of hostile) {
    const slow = dial(port)
    slow.write(Uint8Array.from(bytes))
    await text(slow).catch(() => '')
  }
})

test('a PostgreSQL client asks for TLS first, and finds its database by name on the shared port', async (t) => {
  const authority = await createTestAuthority('databases')
  const [site, inner] = [await tlsService(t, 'site.test', authority), await tlsService(t, 'db.test', authority)]
  await using database = await TcpTarget.start((socket) => {
    socket.once('data', (request) => {
      assert.equal(request.subarray(0, 8).toString('hex'), '0000000804d2162f')
      socket.pause()
      const forward = connect({ port: inner, host: '127.0.0.1' })
      socket.write('S')
      socket.pipe(forward).pipe(socket)
    })
  })
  await using relay = await startIngressRelay([
    { name: 'site', port: 0, sni: ['site.test'], hybridConnection: 'site', access: 'open' },
    { name: 'db', port: 0, sni: ['db.test'], hybridConnection: 'db', access: 'open' },
  ])
  await using _ = await serveTargets(relay, { site, db: database.port })
  const raw = dial(portOf(relay, 'db'))
  raw.write(Buffer.from('0000000804d21630', 'hex'))
  assert.equal(String((await once(raw, 'data', { signal: signal() }))[0]), 'N')
  raw.write(Buffer.from('0000000804d2162f', 'hex'))
  assert.equal(String((await once(raw, 'data', { signal: signal() }))[0]), 'S')
  const socket = tls.connect({ socket: raw, servername: 'db.test', ca: authority.certPem })
  socket.write('select')
  assert.equal(await text(socket), 'db.test heard select')
})

test('sites share a port by their Host: bodies, true client, upgrades; an unknown host is told so', async (t) => {
  const [site, other] = [await httpService(t, 'site'), await httpService(t, 'other')]
  await using relay = await startIngressRelay([
    { name: 'site', port: 0, hosts: ['site.test'], hybridConnection: 'site', access: 'open' },
    { name: 'other', port: 0, hosts: ['other.test'], hybridConnection: 'other', access: 'open' },
  ])
  await using _ = await serveTargets(relay, { site, other })
  const port = portOf(relay, 'site')
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const headers = {
    'X-Forwarded-For': '6.6.6.6',
    Forwarded: 'for=6.6.6.6',
    Connection: 'keep-alive, x-gone',
    'X-Gone': '1',
  }
  for (const name of ['site', 'other', 'site']) {
    const { body, status } = await get(
      { port, agent, method: 'POST', path: '/a?b', headers: { ...headers, Host: `${name}.test:80` } },
      'x'.repeat(100_000),
    )
    const seen = JSON.parse(body) as { name: string; url: string; headers: Record<string, string>; body: string }
    assert.deepEqual([status, seen.name, seen.url, seen.body.length], [200, name, '/a?b', 100_000])
    assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1')
    assert.equal(seen.headers['x-forwarded-proto'], 'http')
    assert.equal(seen.headers['host'], `${name}.test:80`)
    assert.deepEqual([seen.headers['forwarded'], seen.headers['x-gone']], [undefined, undefined])
  }
  const unknown = await get({ port, headers: { Host: 'nobody.test' } })
  assert.equal(unknown.status, 404)
  assert.match(unknown.body, /^No site has the name "nobody\.test" here\. TrackingId:[\w-]+\n$/)
  const upgrade = (path: string): Socket => {
    const socket = dial(port)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)
    return socket
  }
  const joined = upgrade('/')
  assert.match(String((await once(joined, 'data', { signal: signal() }))[0]), /^HTTP\/1\.1 101 /)
  joined.write('ping')
  assert.equal(String((await once(joined, 'data', { signal: signal() }))[0]), 'ping')
  joined.destroy()
  // What follows a refused upgrade is no more requests past our guards.
  const refused = upgrade('/refuses')
  refused.write('GET /smuggled HTTP/1.1\r\nHost: site.test\r\n\r\n')
  const answer = await text(refused)
  assert.match(answer, /^HTTP\/1\.1 403 /)
  assert.doesNotMatch(answer, /smuggled/)
})

test('a request that two readers could read in two ways is refused, and so are heads that never end', async (t) => {
  const site = await httpService(t, 'site')
  await using relay = await startIngressRelay(
    [{ name: 'site', port: 0, hosts: ['site.test'], hybridConnection: 'site', access: 'open' }],
    { options: { handshakeTimeout: '1s' } },
  )
  await using _ = await serveTargets(relay, { site })
  const heads = [
    'POST / HTTP/1.1\r\nHost: site.test\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET',
    'GET / HTTP/1.1\r\nHost : site.test\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: site.test\r\nX: ',
    `GET / HTTP/1.1\r\nHost: site.test\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    'CONNECT site.test:80 HTTP/1.1\r\nHost: site.test\r\n\r\n',
  ]
  for (const head of heads) {
    const socket = dial(portOf(relay, 'site'))
    socket.write(head)
    const [, status] = /^HTTP\/1\.1 (4\d\d) /.exec(await text(socket)) ?? []
    const isEndless = head.endsWith('X: ')
    assert.ok(status !== undefined && (status === '408') === isEndless, `${status}: ${head.slice(0, 60)}`)
  }
})

test('TLS ends at the relay, and people sign in with passwords that only they know', async (t) => {
  const site = await httpService(t, 'site')
  const passwordHash = await new PasswordHasher().hash(new Secret('open sesame'))
  await using relay = await startIngressRelay([
    {
      name: 'site',
      port: 0,
      hosts: ['site.test'],
      tls: 'terminate',
      hybridConnection: 'site',
      users: [{ name: 'ali', passwordHash }],
    },
  ])
  await using _ = await serveTargets(relay, { site })
  const { caPem } = relay.relay
  assert.ok(caPem)
  const ask = (credential?: string) =>
    get({
      port: portOf(relay, 'site'),
      ca: caPem,
      servername: 'site.test',
      headers: { Host: 'site.test', ...(credential !== undefined && { Authorization: `Basic ${btoa(credential)}` }) },
    })
  const refused = await ask()
  assert.equal(refused.status, 401)
  assert.equal(refused.headers['www-authenticate'], 'Basic realm="site", charset="UTF-8"')
  for (const wrong of ['ali:wrong', 'baba:open sesame', 'ali', ':', 'ali:open sesame '])
    assert.equal((await ask(wrong)).status, 401)
  const { status, body } = await ask('ali:open sesame')
  const seen = JSON.parse(body) as { headers: Record<string, string> }
  assert.deepEqual(
    [status, seen.headers['authorization'], seen.headers['x-forwarded-proto']],
    [200, undefined, 'https'],
  )
  const [record] = (await auditRecords(relay, 8)).filter(({ kind }) => kind === 'stream')
  assert.equal(record?.principal, 'ingress:site (ali)')
})

test('a device shows a certificate of the authority or does not come in, nor by a session of another site', async (t) => {
  const [ours, foreign] = [await createTestAuthority('devices'), await createTestAuthority('others')]
  const file = join(tmpdir(), `ingress-ca-${process.pid}.pem`)
  await writeFile(file, ours.certPem)
  const [site, other] = [await httpService(t, 'site'), await httpService(t, 'other')]
  await using relay = await startIngressRelay([
    {
      name: 'site',
      port: 0,
      hosts: ['site.test'],
      tls: 'terminate',
      hybridConnection: 'site',
      clientCertificates: file,
    },
    { name: 'other', port: 0, hosts: ['other.test'], tls: 'terminate', hybridConnection: 'other', access: 'open' },
    { name: 'raw', port: 0, sni: ['raw.test'], tls: 'terminate', hybridConnection: 'db', clientCertificates: file },
  ])
  await using echo = await TcpTarget.start((socket) => socket.pipe(socket))
  await using _ = await serveTargets(relay, { site, other, db: echo.port })
  const { caPem } = relay.relay
  assert.ok(caPem)
  const port = portOf(relay, 'site')
  const misdirected = async (): Promise<number | undefined> => (await refusalCounts(relay))['MisdirectedRequest']
  const device = await ours.issue({ hosts: ['device-1'] })
  const stranger = await foreign.issue({ hosts: ['device-1'] })
  const ask = (name: string, certificate: object, host = name) =>
    get({ port, ca: caPem, servername: name, headers: { Host: host }, agent: false, ...certificate })
  assert.equal((await ask('site.test', device)).status, 200)
  assert.equal((await ask('site.test', {})).status, 403)
  assert.equal((await ask('site.test', stranger)).status, 403)
  assert.equal((await ask('other.test', {})).status, 200)
  // The handshake was made for a site that asks for nothing.
  assert.equal((await ask('other.test', {}, 'site.test')).status, 421)
  assert.equal(await misdirected(), 1)

  const first = tls.connect({ port, host: '127.0.0.1', servername: 'other.test', ca: caPem })
  const session = once(first, 'session', { signal: signal() })
  first.write('GET / HTTP/1.1\r\nHost: other.test\r\n\r\n')
  const [ticket] = (await session) as [Buffer]
  first.destroy()
  for (const servername of ['site.test', 'raw.test']) {
    const resumed: tls.TLSSocket = tls.connect({
      port,
      host: '127.0.0.1',
      servername,
      ca: caPem,
      session: ticket,
      checkServerIdentity: () => undefined,
    })
    resumed.on('error', () => {})
    resumed.write('GET / HTTP/1.1\r\nHost: site.test\r\n\r\n')
    const heard: Buffer = await buffer(resumed).catch(() => Buffer.alloc(0))
    assert.match(heard.toString('latin1'), servername === 'site.test' ? /^(?:HTTP\/1\.1 403 |$)/ : /^$/)
  }
  // Without a name, authorities that everybody trusts count as little.
  const nameless = tls.connect({ port, host: '127.0.0.1', ca: caPem, rejectUnauthorized: false })
  const [refusal] = (await once(nameless, 'error', { signal: signal() })) as [NodeJS.ErrnoException]
  assert.equal(refusal.code, 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME')

  const raw = tls.connect({ port, host: '127.0.0.1', servername: 'raw.test', ca: caPem, ...device })
  raw.end('bytes')
  assert.equal(await text(raw), 'bytes')
})

test('the target is told who the device is; a load balancer before the port is believed, and nobody else', async () => {
  await using target = await TcpTarget.start((socket) => {
    socket.once('data', (bytes) => socket.end(bytes.toString('hex')))
  })
  const common = { port: 0, hybridConnection: 'site', proxyProtocol: 'v2', access: 'open' } as const
  await using relay = await startIngressRelay([
    { name: 'direct', ...common },
    { name: 'behind', ...common, trustedProxies: ['127.0.0.1'] },
  ])
  await using _ = await serveTargets(relay, { site: target.port })
  const signature = '0d0a0d0a000d0a515549540a'
  const direct = dial(portOf(relay, 'direct'))
  direct.write('x')
  const seen = await text(direct)
  const ports = [direct.localPort ?? 0, portOf(relay, 'direct')].map((port) => port.toString(16).padStart(4, '0'))
  assert.ok(seen.startsWith(`${signature}2111000c7f0000017f000001`), seen)
  assert.ok(ports[1] !== undefined && seen.slice(52, 56) === ports[1])
  const behind = dial(portOf(relay, 'behind'))
  behind.write('PROXY TCP4 192.0.2.7 198.51.100.1 1234 443\r\nx')
  assert.ok((await text(behind)).startsWith(`${signature}2111000cc0000207`))
  const silent = dial(portOf(relay, 'behind'))
  silent.write('no header')
  assert.equal(await text(silent).catch(() => ''), '')
  const records = (await auditRecords(relay, 4)).filter(({ kind }) => kind === 'stream')
  assert.ok(records.some(({ source }) => source === '192.0.2.7:1234'))
})
