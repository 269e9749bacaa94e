// Behind proxies: the true source of a connection, and the way back to the relay. The proxy is 127.0.0.9, all others are strangers.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ScriptedListener, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { RecordingLogger } from './recording-logger.ts'
import { dialRaw, exchange, readAll, readAnswer, readUntil, upgradeHead } from './stranger.ts'

const proxy = { localAddress: '127.0.0.9' }

interface Setup {
  readonly relay: TestRelay
  readonly log: RecordingLogger
}

async function behindProxy(test: TestContext, options: Record<string, string | number | boolean> = {}): Promise<Setup> {
  const log = new RecordingLogger()
  const relay = await startTestRelay({ log, options: { tls: 'off', trustedProxies: ['127.0.0.9/32'], ...options } })
  test.after(() => relay[Symbol.asyncDispose]())
  return { relay, log }
}

/** A PROXY header of version 2 for TCP over IPv4 or IPv6, with a TLV behind the addresses. */
function proxyHeader(source: string, port: number): Buffer {
  const isIPv6 = source.includes(':')
  const address = isIPv6
    ? Buffer.from(source.replaceAll(':', '').padEnd(32, '0'), 'hex')
    : Buffer.from(source.split('.').map(Number))
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(port, 0)
  ports.writeUInt16BE(443, 2)
  const body = Buffer.concat([address, Buffer.alloc(address.length, 1), ports, Buffer.from([0x04, 0, 1, 0])])
  const head = Buffer.from('0d0a0d0a000d0a515549540a21110000', 'hex')
  head[13] = isIPv6 ? 0x21 : 0x11
  head.writeUInt16BE(body.length, 14)
  return Buffer.concat([head, body])
}

const get = (path: string, ...lines: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: relay.test', ...lines, '\r\n'].join('\r\n')

/** What the listener is told about the source of a request that is written to a new connection. */
async function sourceOf(
  { relay }: Setup,
  listener: ScriptedListener,
  request: string | Buffer,
  from: Parameters<typeof dialRaw>[1] = proxy,
): Promise<{ readonly address: string; readonly port: number }> {
  const socket = await dialRaw(relay, from)
  socket.write(request)
  const { id, remoteEndpoint } = await listener.nextRequest()
  listener.control.text(JSON.stringify({ response: { requestId: id, statusCode: 204 } }))
  await readUntil(socket, ' 204 ')
  socket.destroy()
  return remoteEndpoint
}

test('PROXY version 2 of a trusted proxy names the source of requests, senders and refusals', async (t) => {
  const setup = await behindProxy(t, { proxyProtocol: true })
  const { relay, log } = setup
  const listener = await relay.listen('open')
  for (const [source, told] of [
    ['203.0.113.7', '203.0.113.7'],
    ['2001:0db8:0001:0002:0003:0004:0005:0006', '2001:db8:1:2:3:4:5:6'],
  ] as const) {
    const header = proxyHeader(source, 50_412)
    const request = Buffer.concat([header, Buffer.from(get('/open'))])
    assert.deepEqual(await sourceOf(setup, listener, request), { address: told, port: 50_412 })
    const socket = await dialRaw(relay, proxy)
    socket.write(Buffer.concat([header, Buffer.from(upgradeHead('/$hc/open'))]))
    const accept = await listener.nextAccept()
    assert.deepEqual(accept.remoteEndpoint, { address: told, port: 50_412 })
    socket.destroy()
    const refused = await dialRaw(relay, proxy)
    refused.write(Buffer.concat([header, Buffer.from(upgradeHead('/$hc/echo'))]))
    assert.match(await readAll(refused), /^HTTP\/1.1 401 /)
    assert.equal(log.refusals('TokenMissing').at(-1)?.fields['remote'], told)
  }
})

test('with proxyProtocol, a trusted proxy without a header is cut off and a stranger with one is refused', async (t) => {
  const setup = await behindProxy(t, { proxyProtocol: true })
  const { relay, log } = setup
  const listener = await relay.listen('open')
  const silent = await dialRaw(relay, proxy)
  silent.write(get('/open'))
  assert.equal(await readAll(silent), '')
  assert.equal(log.refusals('RequestMalformed').at(-1)?.fields['remote'], '127.0.0.9')
  const liar = await dialRaw(relay)
  liar.write(Buffer.concat([proxyHeader('203.0.113.7', 1), Buffer.from(get('/open'))]))
  assert.equal(readAnswer(await readAll(liar)).status, 400)
  assert.equal(log.refusals('RequestMalformed').at(-1)?.fields['remote'], '127.0.0.1')
  assert.equal((await sourceOf(setup, listener, get('/open'), {})).address, '127.0.0.1')
  assert.equal(log.refusals().length, 2)
})

test('X-Forwarded-For of a trusted proxy names the source; what the client invented before it does not count', async (t) => {
  const setup = await behindProxy(t, { trustedProxies: '127.0.0.9,10.0.0.0/8' })
  const listener = await setup.relay.listen('open')
  for (const [header, address] of [
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:4711', '203.0.113.7'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['198.51.100.1, 203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['nonsense, 203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['203.0.113.7, nonsense', '127.0.0.9'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    [',,,', '127.0.0.9'],
    ['', '127.0.0.9'],
  ] as const) {
    assert.equal((await sourceOf(setup, listener, get('/open', `X-Forwarded-For: ${header}`))).address, address, header)
  }
  const twice = get('/open', 'X-Forwarded-For: 198.51.100.1', 'X-Forwarded-For: 203.0.113.9')
  assert.equal((await sourceOf(setup, listener, twice)).address, '203.0.113.9')
  assert.equal((await sourceOf(setup, listener, get('/open', 'Forwarded: for=203.0.113.7'))).address, '127.0.0.9')
})

test('with forwardingHeader forwarded that header counts, and the other does not', async (t) => {
  const setup = await behindProxy(t, { forwardingHeader: 'forwarded' })
  const listener = await setup.relay.listen('open')
  const source = async (...lines: string[]): Promise<string> =>
    (await sourceOf(setup, listener, get('/open', ...lines))).address
  assert.equal(await source('Forwarded: for="[2001:db8::9]:1";proto=https, for=203.0.113.8'), '203.0.113.8')
  assert.equal(await source('Forwarded: for="203.0.113.8:5"'), '203.0.113.8')
  assert.equal(await source('Forwarded: for=_hidden'), '127.0.0.9')
  assert.equal(await source('X-Forwarded-For: 203.0.113.8'), '127.0.0.9')
})

test('forwarding headers of strangers are not looked at: not for the source, nor for limits, logs and the way back', async (t) => {
  const setup = await behindProxy(t)
  const { relay, log } = setup
  const lies = [
    'X-Forwarded-For: 203.0.113.7',
    'Forwarded: for=203.0.113.7',
    'X-Real-IP: 203.0.113.7',
    'X-Forwarded-Proto: https',
  ]
  const listener = await ScriptedListener.open({
    url: relay.url('open', 'sb-hc-action=listen'),
    token: signToken(relay.access('open').listen),
    tls: {},
    headers: { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Host': 'evil.test' },
  })
  assert.equal(log.lines.find(({ event }) => event === 'listener.connected')?.fields['remote'], '127.0.0.1')
  const socket = await dialRaw(relay, { localAddress: '127.0.0.3' })
  socket.write(upgradeHead('/$hc/open', lies))
  const accept = await listener.nextAccept()
  assert.equal(accept.remoteEndpoint.address, '127.0.0.3')
  assert.equal(new URL(accept.address).origin, `ws://${relay.host}`)
  socket.destroy()
  assert.equal((await exchange(relay, get('/echo', ...lies), { localAddress: '127.0.0.3' })).status, 401)
  assert.equal(log.refusals('TokenMissing').at(-1)?.fields['remote'], '127.0.0.3')
})

test('clients behind one proxy have limits of their own, and one of them cannot use up those of the others', async (t) => {
  const { relay, log } = await behindProxy(t, { maxUnauthorizedConnectionsPerAddress: 2, refusalDelay: '400ms' })
  const as = (client: string): string => upgradeHead('/$hc/echo', [`X-Forwarded-For: ${client}`])
  const loops = Array.from({ length: 8 }, () => exchange(relay, as('203.0.113.1'), proxy))
  const began = performance.now()
  assert.equal((await exchange(relay, as('203.0.113.2'), proxy)).status, 401)
  assert.ok(performance.now() - began < 350, 'the neighbour is answered at once')
  const statuses = (await Promise.all(loops)).map(({ status }) => status)
  assert.ok(statuses.every((status) => status === 401 || status === 503))
  const remotes = new Set(log.refusals().map(({ fields }) => fields['remote']))
  assert.ok(remotes.has('203.0.113.1') && remotes.has('203.0.113.2'), [...remotes].join())
})

for (const [what, options, headers, from, origin] of [
  ['wss when a trusted proxy ends TLS', {}, {}, proxy, 'wss://relay.test'],
  ['wss when the proxy says https', {}, { 'X-Forwarded-Proto': 'https' }, proxy, 'wss://relay.test'],
  [
    'ws when the proxy says that the client came without TLS',
    {},
    { 'X-Forwarded-Proto': 'http' },
    proxy,
    'ws://relay.test',
  ],
  ['ws for who comes without a proxy', {}, {}, {}, 'ws://relay.test'],
  ['what advertise says, whoever asks', { advertise: 'wss://node1.test:7' }, {}, {}, 'wss://node1.test:7'],
  ['what advertise says, behind a proxy too', { advertise: 'wss://node1.test/' }, {}, proxy, 'wss://node1.test'],
] as const) {
  test(`rendezvous addresses begin with ${what}`, async (t) => {
    const { relay } = await behindProxy(t, options)
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const token = signToken(relay.access('open').listen)
    const control = await dialRaw(relay, from)
    t.after(() => control.destroy())
    const head = upgradeHead(
      '/$hc/open?sb-hc-action=listen',
      [`ServiceBusAuthorization: ${token}`, ...lines],
      'relay.test',
    )
    control.write(head)
    await readUntil(control, '\r\n\r\n')
    const sender = await dialRaw(relay)
    t.after(() => sender.destroy())
    sender.write(upgradeHead('/$hc/open', [], 'somewhere.else'))
    const message = await readUntil(control, '"remoteEndpoint"')
    const address = /"address":"([^"]+)"/.exec(message)?.[1] ?? ''
    assert.ok(address.startsWith(`${origin}/$hc/open?sb-hc-action=accept&`), address)
  })
}
