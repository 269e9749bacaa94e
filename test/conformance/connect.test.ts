// Hybrid Connections protocol, "Web Socket connect protocol", "Accept message", "Accepting the socket", "Rejecting the socket".
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawWebSocket, type ScriptedListener, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import type { HandshakeRefused } from '@postern/websocket'
import { metrics } from './metrics.ts'
import { refused } from './refused.ts'

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}_G\d+$/

async function relayWithListener(): Promise<{ relay: TestRelay; listener: ScriptedListener } & AsyncDisposable> {
  const relay = await startTestRelay()
  const listener = await relay.listen()
  return { relay, listener, [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose]() }
}

test('a listener gets one accept message with address, id, connectHeaders and remoteEndpoint', async () => {
  await using setup = await relayWithListener()
  const { relay, listener } = setup
  const pending = relay.connect('echo', {
    headers: { ServiceBusAuthorization: signToken(relay.access().send), 'X-Custom': 'v1', 'Relay-User-Agent': 'test' },
  })
  const accept = await listener.nextAccept()
  assert.match(accept.id, guid)
  const address = new URL(accept.address)
  assert.equal(address.host, relay.host)
  assert.equal(address.protocol, 'wss:')
  assert.equal(address.pathname, '/$hc/echo')
  assert.equal(address.searchParams.get('sb-hc-action'), 'accept')
  assert.match(address.searchParams.get('sb-hc-id') ?? '', guid)
  assert.equal(accept.connectHeaders['X-Custom'], 'v1')
  assert.equal(accept.connectHeaders['Relay-User-Agent'], 'test')
  assert.equal(accept.connectHeaders['Host'], relay.host)
  assert.ok(accept.connectHeaders['Sec-WebSocket-Key'])
  assert.equal(accept.connectHeaders['ServiceBusAuthorization'], undefined)
  assert.equal(accept.remoteEndpoint.address, '127.0.0.1')
  assert.ok(accept.remoteEndpoint.port > 0)
  await listener.rendezvous(accept.address)
  await pending
})

test("the sender's own id is traced to the listener, but never opens a rendezvous", async () => {
  await using setup = await relayWithListener()
  const { relay, listener } = setup
  const id = '11111111-2222-3333-4444-555555555555'
  const pending = relay.connect('echo', { query: `sb-hc-id=${id}` })
  const accept = await listener.nextAccept()
  assert.equal(accept.id, `${id}_G0`)
  assert.ok(!accept.address.includes(id), 'an address that a sender can choose can be guessed')
  await listener.rendezvous(accept.address)
  await pending
})

test('path suffix and query of the sender ride in the address; sb-hc parameters of the sender do not', async () => {
  await using setup = await relayWithListener()
  const { relay, listener } = setup
  const pending = relay.connect('echo/sub/path', { query: "a=1&b='x'&sb-hc-other=2&&c" })
  const { address } = await listener.nextAccept()
  assert.match(address, /\/\$hc\/echo\/sub\/path\?a=1&b='x'&&c&sb-hc-action=accept&sb-hc-id=/)
  await listener.rendezvous(address)
  await pending
})

test('a connect without sb-hc-action and with its token in the query is a connect', async () => {
  await using setup = await relayWithListener()
  const { relay, listener } = setup
  const token = encodeURIComponent(signToken(relay.access().send, { path: '' }))
  const pending = RawWebSocket.dial({ url: relay.url('echo', `sb-hc-token=${token}`), tls: relay.tls })
  const { address } = await listener.nextAccept()
  assert.ok(!address.includes('sb-hc-token'))
  const rendezvous = await listener.rendezvous(address)
  const sender = await pending
  sender.text('hello')
  assert.equal((await rendezvous.frames.next()).payload.toString(), 'hello')
})

test('a rendezvous address is good for one socket', async () => {
  await using setup = await relayWithListener()
  const { relay, listener } = setup
  const pending = relay.connect()
  const { address } = await listener.nextAccept()
  await listener.rendezvous(address)
  await pending
  assert.equal((await refused(listener.rendezvous(address))).status, 403)
})

test('an address that was never given is refused with 403', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen()
  const invented = relay.url('echo', 'sb-hc-action=accept&sb-hc-id=918ffc54-ff91-44fa-80f0-cbfb90ba4317_G0')
  assert.equal((await refused(listener.rendezvous(invented))).status, 403)
})

for (const [name, code, description] of [
  ['as .NET and Java write it', 'sb-hc-statusCode', 'sb-hc-statusDescription'],
  ['as old Node clients write it', 'statusCode', 'statusDescription'],
] as const) {
  test(`a rejection ${name} reaches the sender with status and description; the rejecting handshake ends with 410`, async () => {
    await using setup = await relayWithListener()
    const { relay, listener } = setup
    const pending = refused(relay.connect())
    const { address } = await listener.nextAccept()
    const rejecting = await refused(listener.rendezvous(`${address}&${code}=403&${description}=Go+away%2C+please`))
    assert.equal(rejecting.status, 410)
    const refusal = await pending
    assert.equal(refusal.status, 403)
    assert.match(refusal.reason, /^Go away, please\. TrackingId:[\w-]+, SystemTracker:sb:\/\/.*\/echo, Timestamp:/)
  })
}

test('a rejection with a status that is no error becomes 400, so that no sender takes it for success', async () => {
  await using setup = await relayWithListener()
  const { relay, listener } = setup
  const pending = refused(relay.connect())
  const { address } = await listener.nextAccept()
  await refused(listener.rendezvous(`${address}&sb-hc-statusCode=101&sb-hc-statusDescription=x`))
  assert.equal((await pending).status, 400)
})

test('line ends in a rejection description do not reach the status line', async () => {
  await using setup = await relayWithListener()
  const { relay, listener } = setup
  const pending = refused(relay.connect())
  const { address } = await listener.nextAccept()
  await refused(listener.rendezvous(`${address}&sb-hc-statusCode=403&sb-hc-statusDescription=a%0d%0aX-Evil:%201%0d%0a`))
  const refusal = await pending
  assert.equal(refusal.headers['x-evil'], undefined)
  assert.match(refusal.reason, /^a X-Evil: 1/)
})

test('without a listener the sender gets 404 with the text and tracking that clients know', async () => {
  await using relay = await startTestRelay()
  const refusal = await refused(relay.connect('echo', { query: 'sb-hc-id=my-own-id' }))
  assert.equal(refusal.status, 404)
  assert.match(
    refusal.reason,
    /^There are no listeners connected for the endpoint\. TrackingId:my-own-id_G0, SystemTracker:sb:\/\/localhost:\d+\/echo, Timestamp:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
  )
  assert.equal(refusal.headers['trackingid'], 'my-own-id_G0')
  assert.equal((JSON.parse(refusal.body) as { error: { code: string } }).error.code, 'EndpointNotFound')
})

test('an unknown entity is 404 with a good namespace token and 401 with a bad one', async () => {
  await using relay = await startTestRelay()
  const attempt = (token: string): Promise<HandshakeRefused> =>
    refused(relay.connect('nothing', { headers: { ServiceBusAuthorization: token } }))
  const good = await attempt(signToken(relay.access().send, { path: '' }))
  assert.equal(good.status, 404)
  assert.match(good.reason, /^Endpoint does not exist\./)
  const bad = await attempt(
    signToken(relay.access().send.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=wrong'), { path: '' }),
  )
  assert.equal(bad.status, 401)
  assert.match(bad.reason, /token has an invalid signature/)
})

test('a listener that never accepts gives the sender 408 when the accept window ends', async () => {
  await using relay = await startTestRelay({ options: { acceptTimeout: '200ms' } })
  const listener = await relay.listen()
  const pending = refused(relay.connect())
  const { address } = await listener.nextAccept()
  const refusal = await pending
  assert.equal(refusal.status, 408)
  assert.match(refusal.reason, /^None of the connected listeners accepted the connections within the allowed timeout/)
  assert.equal((await refused(listener.rendezvous(address))).status, 403)
})

test('when the chosen listener is lost before it accepts, another one is asked', async () => {
  await using relay = await startTestRelay()
  const first = await relay.listen()
  const pending = relay.connect()
  await first.nextAccept()
  const second = await relay.listen()
  first.control.abort()
  const { address } = await second.nextAccept()
  await second.rendezvous(address)
  await pending
})

test('when the only listener is lost before it accepts, the sender hears at once', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen()
  const pending = refused(relay.connect())
  await listener.nextAccept()
  listener.control.abort()
  assert.equal((await pending).status, 502)
})

test('when the sender goes before a listener accepts, its address is worth nothing any more', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen()
  const { connect } = await import('node:tls')
  const [host = '', port = ''] = relay.host.split(':')
  const socket = connect({ host, port: Number(port), servername: host, ...relay.tls })
  socket.write(
    `GET /$hc/echo?sb-hc-action=connect HTTP/1.1\r\nHost: ${relay.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MTMtMTc5NTMyNTM5MzM1OA==\r\n` +
      `ServiceBusAuthorization: ${signToken(relay.access().send)}\r\n\r\n`,
  )
  const { address } = await listener.nextAccept()
  assert.equal(await metrics(relay, 'postern_pending_offers'), 1)
  socket.destroy()
  await metrics.until(relay, 'postern_pending_offers', 0)
  assert.equal((await refused(listener.rendezvous(address))).status, 403)
})

test('a subprotocol is agreed end to end: the first that the accept handshake carries, if the sender offered it', async () => {
  await using setup = await relayWithListener()
  const { relay, listener } = setup
  const connectWith = async (offered: string[], chosen: string[]): Promise<(string | undefined)[]> => {
    const pending = relay.connect('echo', { protocols: offered })
    const accept = await listener.nextAccept()
    assert.equal(accept.connectHeaders['Sec-WebSocket-Protocol'], offered.join(', '))
    const rendezvous = await listener.rendezvous(accept.address, { protocols: chosen })
    return [(await pending).protocol, rendezvous.protocol]
  }
  assert.deepEqual(await connectWith(['p1', 'p2'], ['p2']), ['p2', 'p2'])
  assert.deepEqual(await connectWith(['p1'], []), [undefined, undefined])
  assert.deepEqual(await connectWith(['p1'], ['other']), [undefined, undefined])
})

test('permessage-deflate is agreed only when sender and accept handshake both offer it, and then without parameters', async () => {
  await using setup = await relayWithListener()
  const { relay, listener } = setup
  const deflate = 'permessage-deflate; client_max_window_bits'
  const agreed = async (sender: string | undefined, accept: string | undefined): Promise<(string | undefined)[]> => {
    const pending = relay.connect('echo', sender === undefined ? {} : { extensions: sender })
    const { address } = await listener.nextAccept()
    const rendezvous = await listener.rendezvous(address, accept === undefined ? {} : { extensions: accept })
    return [(await pending).extensions, rendezvous.extensions]
  }
  assert.deepEqual(await agreed(deflate, 'permessage-deflate'), ['permessage-deflate', 'permessage-deflate'])
  assert.deepEqual(await agreed(deflate, undefined), [undefined, undefined])
  assert.deepEqual(await agreed(undefined, 'permessage-deflate'), [undefined, undefined])
})

test('a header whose name is a digit, as hyco-ws sends on accept, breaks nothing and means nothing', async () => {
  await using setup = await relayWithListener()
  const { relay, listener } = setup
  const pending = relay.connect('echo', { extensions: 'permessage-deflate' })
  const { address } = await listener.nextAccept()
  const rendezvous = await RawWebSocket.dial({
    url: address,
    tls: relay.tls,
    headers: { '0': 'Sec-WebSocket-Extensions: permessage-deflate' },
  })
  assert.deepEqual([(await pending).extensions, rendezvous.extensions], [undefined, undefined])
})

test('an Authorization header reaches the listener unless it was the credential', async () => {
  await using setup = await relayWithListener()
  const { relay, listener } = setup
  const token = signToken(relay.access().send)
  const headersSeen = async (headers: Record<string, string>): Promise<Record<string, string>> => {
    const pending = relay.connect('echo', { headers })
    const accept = await listener.nextAccept()
    await listener.rendezvous(accept.address)
    await pending
    return accept.connectHeaders
  }
  const both = await headersSeen({ ServiceBusAuthorization: token, Authorization: 'Bearer bearbear' })
  assert.equal(both['Authorization'], 'Bearer bearbear')
  assert.equal((await headersSeen({ Authorization: token }))['Authorization'], undefined)
})

test('senders of an entity without client authorisation need no token, and a bad one does not matter', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen('open')
  for (const headers of [{}, { ServiceBusAuthorization: 'SharedAccessSignature nonsense' }]) {
    const pending = relay.connect('open', { headers })
    const { address } = await listener.nextAccept()
    await listener.rendezvous(address)
    await pending
  }
})

test('an unknown action is refused with 400', async () => {
  await using relay = await startTestRelay()
  const refusal = await refused(RawWebSocket.dial({ url: relay.url('echo', 'sb-hc-action=dance'), tls: relay.tls }))
  assert.equal(refusal.status, 400)
})

test('more pending offers than allowed are refused with 503 and Retry-After', async () => {
  await using relay = await startTestRelay({ options: { maxPendingOffersPerEntity: 1 } })
  const listener = await relay.listen()
  const first = relay.connect()
  const { address } = await listener.nextAccept()
  const refusal = await refused(relay.connect())
  assert.equal(refusal.status, 503)
  assert.equal(refusal.headers['retry-after'], '1')
  await listener.rendezvous(address)
  await first
})
