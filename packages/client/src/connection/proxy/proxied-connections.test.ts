import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { RelayError } from '@postern/protocol'
import { createTestAuthority, startTestProxy, startTestRelay, type TestProxyOptions } from '@postern/testkit'
import { Listener } from '../../listener/listener.ts'
import { connect } from '../../sender/sender.ts'

const signal = (): AbortSignal => AbortSignal.timeout(10_000)
const credentials = { user: 'jo', password: 'p@ss:w' }
/** Known to the proxy only. */
const host = 'relay.invalid'
const names = { [host]: '127.0.0.1' }
const authority = await createTestAuthority('Corporate proxies')
const certificate = await authority.issue({ hosts: ['127.0.0.1'] })

const kinds: Readonly<Record<string, TestProxyOptions>> = {
  'HTTP CONNECT': { kind: 'http', names },
  'HTTP CONNECT with a password': { kind: 'http', names, credentials },
  'CONNECT over TLS with a password': { kind: 'http', names, credentials, certificate },
  'SOCKS 5': { kind: 'socks5', names },
  'SOCKS 5 with a password': { kind: 'socks5', names, credentials },
}

function withCredentials(url: string, { user, password }: { user: string; password: string }): string {
  return url.replace('//', `//${user}:${encodeURIComponent(password)}@`)
}

for (const [title, options] of Object.entries(kinds)) {
  // Without TLS to the relay nothing says what authorities the proxy is checked with.
  for (const secure of options.certificate ? [true] : [true, false]) {
    test(`${title}, ${secure ? 'TLS' : 'plain'}: listener and sender meet; the proxy alone knows the relay's name`, async () => {
      await using relay = await startTestRelay({ options: { tls: secure ? 'on' : 'off' } })
      await using server = await startTestProxy(options)
      const port = Number(relay.host.split(':')[1])
      const shared = {
        host,
        port,
        tls: secure ? { ca: [relay.relay.caPem!, authority.certPem] } : (false as const),
        proxy: options.credentials ? withCredentials(server.url, options.credentials) : server.url,
      }
      await using listener = new Listener({
        ...shared,
        connectionString: relay.access().listen,
        onConnection: async (request) => {
          const stream = await request.accept()
          stream.on('error', () => {})
          stream.pipe(stream)
        },
      })
      await listener.open({ signal: signal() })
      const stream = await connect({ ...shared, connectionString: relay.access().send, signal: signal() })
      stream.write('hello')
      const [chunk] = await once(stream, 'data', { signal: signal() })
      assert.equal(String(chunk), 'hello')
      stream.destroy()
      // Control channel, sender, rendezvous: one host name and one port, nothing else.
      assert.deepEqual(
        server.asked,
        Array.from({ length: 3 }, () => `${host}:${port}`),
      )
    })
  }
}

interface Failure {
  readonly title: string
  readonly code: string
  readonly says: RegExp
  readonly proxy: TestProxyOptions
  /** Instead of the proxy's own address. */
  readonly url?: (url: string) => string
}

const wrong = (url: string): string => withCredentials(url, { user: 'jo', password: 'wrong-word' })

const failures: readonly Failure[] = [
  { title: '407', code: 'ProxyAuthenticationRequired', says: /asks for a user/, proxy: { kind: 'http', credentials } },
  {
    title: '407 after a wrong password',
    code: 'ProxyAuthenticationRequired',
    says: /does not accept/,
    proxy: { kind: 'http', credentials },
    url: wrong,
  },
  { title: '403', code: 'ProxyRefused', says: /does not lead to .*403/, proxy: { kind: 'http', refuses: 403 } },
  { title: '502', code: 'ProxyConnectFailed', says: /could not reach .*502/, proxy: { kind: 'http' } },
  {
    title: 'SOCKS without user',
    code: 'ProxyAuthenticationRequired',
    says: /asks/,
    proxy: { kind: 'socks5', credentials },
  },
  {
    title: 'SOCKS with a wrong password',
    code: 'ProxyAuthenticationRequired',
    says: /does not accept/,
    proxy: { kind: 'socks5', credentials },
    url: wrong,
  },
  { title: 'SOCKS by rule', code: 'ProxyRefused', says: /rules/, proxy: { kind: 'socks5', refuses: 2 } },
  { title: 'SOCKS to a dead relay', code: 'ProxyConnectFailed', says: /refused/, proxy: { kind: 'socks5' } },
  {
    title: 'a certificate that nobody trusts',
    code: 'ProxyUnreachable',
    says: /certificate/,
    proxy: { kind: 'http', certificate },
  },
  {
    title: 'plain HTTP to a proxy with TLS',
    code: 'ProxyUnreachable',
    says: /cannot be reached/,
    proxy: { kind: 'http', certificate },
    url: (url) => url.replace('https', 'http'),
  },
  {
    title: 'SOCKS to a proxy of HTTP',
    code: 'ProxyUnreachable',
    says: /cannot be reached|SOCKS 5/,
    proxy: { kind: 'http' },
    url: (url) => url.replace('http', 'socks5'),
  },
]

for (const { title, code, says, proxy: options, url = (same: string) => same } of failures) {
  test(`${title} is ${code}, without the password`, async () => {
    await using proxy = await startTestProxy(options)
    const dead = await freePort()
    const attempt = connect({ host: '127.0.0.1', port: dead, path: 'x', proxy: url(proxy.url), signal: signal() })
    await assert.rejects(attempt, (error) => {
      assert.ok(error instanceof RelayError)
      assert.equal(error.code, code, error.message)
      assert.match(error.message, says)
      assert.match(error.message, new RegExp(`:${proxy.port} `))
      assert.doesNotMatch(`${error.message} ${error.stack}`, /wrong-word/)
      return true
    })
  })
}

test('a proxy that is not there is ProxyUnreachable', async () => {
  const proxy = `http://127.0.0.1:${await freePort()}`
  await assert.rejects(connect({ host: 'x.test', path: 'x', proxy, signal: signal() }), {
    code: 'ProxyUnreachable',
    message: /ECONNREFUSED/,
  })
})

test('a proxy that never answers is given up in time, and its socket closed', async () => {
  const silent = createServer()
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const closed = new Promise((resolve) => silent.once('connection', (socket) => socket.resume().on('close', resolve)))
  for (const scheme of ['http', 'socks5']) {
    const proxy = `${scheme}://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const attempt = connect({ host: 'x.test', path: 'x', proxy, connectTimeoutMs: 200, signal: signal() })
    await assert.rejects(attempt, { code: 'ProxyConnectFailed', message: /in time/ })
  }
  await closed
  silent.close()
})

test('an option that cannot be read is said before anything is dialed', () => {
  assert.throws(() => new Listener({ host: 'x.test', path: 'x', proxy: 'socks4://p' }), {
    code: 'InvalidConfiguration',
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
