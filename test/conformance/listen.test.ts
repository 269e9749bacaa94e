// Hybrid Connections protocol, "Listener control channel connection", "Listener token renewal", "Listen message".
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeRenewToken } from '@postern/protocol'
import { RawWebSocket, type ScriptedListener, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { decodeClose, Opcode } from '@postern/websocket'
import { metrics } from './metrics.ts'
import { refused } from './refused.ts'

/** The close code that the relay sends next on a control channel. */
async function closeCode(listener: ScriptedListener): Promise<{ code?: number; reason: string }> {
  for (;;) {
    const frame = await listener.others.next(20_000)
    if (frame.opcode === Opcode.close) return decodeClose(frame.payload)
  }
}

/** Of a token that is to run out: up to a second less, since tokens name whole seconds. A busy machine connects in it all the same. */
const shortSeconds = 4

const rule = (name: string, rights: ('Listen' | 'Send' | 'Manage')[]) => ({ name, rights })
const resources = (echo: object = {}) => ({
  namespaces: [
    {
      name: 'local',
      default: true,
      rules: [rule('Root', ['Listen', 'Send', 'Manage'])],
      hybridConnections: [{ name: 'echo', ...echo }, { name: 'other' }],
    },
  ],
})

test('a listener is counted while its control channel is open', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen()
  assert.equal(await metrics(relay, 'postern_active_listeners', 'entity="echo"'), 1)
  listener.close()
  await metrics.until(relay, 'postern_active_listeners', 0)
  assert.equal(await metrics(relay, 'postern_listener_disconnects_total'), 1)
})

test('each token that official clients write for a listener is taken', async () => {
  await using relay = await startTestRelay()
  const { listen } = relay.access()
  const port = relay.host.split(':')[1]
  const { createHmac } = await import('node:crypto')
  const { createSharedAccessSignature, parseConnectionString } = await import('@postern/protocol')
  const { keyName = '', key = '' } = parseConnectionString(listen)
  for (const resourceUri of [
    `http://localhost:${port}/echo`,
    'http://localhost/echo/',
    'http://localhost/ECHO',
    `sb://localhost:${port}/echo`,
    `sb://localhost:${port}`,
    'http://localhost/',
    'https://localhost/echo',
  ]) {
    const token = createSharedAccessSignature({
      resourceUri,
      keyName,
      key,
      expiresAtSeconds: Math.floor(Date.now() / 1000) + 60,
      hmacSha256: (secret, message) => createHmac('sha256', secret).update(message).digest(),
    })
    const listener = await relay.listen('echo', { token })
    listener.close()
  }
})

test('tokens that are missing, malformed, wrong, expired, for elsewhere or without Listen are 401 with their reason', async () => {
  await using relay = await startTestRelay({
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [rule('Root', ['Listen', 'Send', 'Manage'])],
          hybridConnections: [{ name: 'echo', rules: [rule('sender', ['Send'])] }, { name: 'other' }],
        },
      ],
    },
    options: { tokenGrace: '0s' },
  })
  const { listen, send } = relay.access()
  const cases: [string, RegExp][] = [
    ['SharedAccessSignature sr=x', /malformed|MalformedToken/i],
    [signToken(listen.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=wrong')), /token has an invalid signature/],
    [
      signToken(listen.replace(/SharedAccessKeyName=[^;]*/, 'SharedAccessKeyName=nobody')),
      /token has an invalid signature/,
    ],
    [signToken(listen, { path: 'other' }), /InvalidAudience/],
    [signToken(listen, { path: 'ech' }), /InvalidAudience/],
    [signToken(listen, { expiresInSeconds: -5 }), /[Ee]xpired/],
    [signToken(send), /MissingRight/],
  ]
  for (const [token, reason] of cases) {
    const refusal = await refused(relay.listen('echo', { token }))
    assert.equal(refusal.status, 401, String(reason))
    assert.match(refusal.reason, reason)
    assert.match(refusal.reason, /TrackingId:.*SystemTracker:sb:\/\/localhost:\d+\/echo/)
  }
  const none = await refused(RawWebSocket.dial({ url: relay.url('echo', 'sb-hc-action=listen'), tls: relay.tls }))
  assert.equal(none.status, 401)
})

test('the secondary key opens the same doors as the primary', async () => {
  await using relay = await startTestRelay({
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [{ ...rule('Root', ['Listen', 'Send', 'Manage']), primaryKey: 'first', secondaryKey: 'second' }],
          hybridConnections: [{ name: 'echo' }],
        },
      ],
    },
  })
  const { listen } = relay.access()
  const token = signToken(listen.replace('SharedAccessKey=first', 'SharedAccessKey=second'))
  assert.ok(await relay.listen('echo', { token }))
})

test('the 26th listener is refused with 403, and the limit can be set for one entity', async () => {
  await using relay = await startTestRelay({ resources: resources({ maxListeners: 2 }) })
  await relay.listen()
  const second = await relay.listen()
  const refusal = await refused(relay.listen())
  assert.equal(refusal.status, 403)
  assert.match(refusal.reason, /maximum number of listeners per endpoint/)
  const others = await Promise.all(Array.from({ length: 25 }, () => relay.listen('other')))
  assert.equal((await refused(relay.listen('other'))).status, 403)
  assert.equal(others.length, 25)
  second.close()
  await second.control.ended
  await metrics.until(relay, 'postern_active_listeners', 26)
  assert.ok(await relay.listen())
})

test('a renewed token replaces the old one; the channel lives on after the old one ran out', async () => {
  await using relay = await startTestRelay({ options: { tokenGrace: '0s' } })
  const { listen } = relay.access()
  const token = signToken(listen, { expiresInSeconds: shortSeconds })
  const listener = await relay.listen('echo', { token })
  listener.control.text(encodeRenewToken(signToken(listen)))
  const notRenewed = await relay.listen('echo', { token })
  assert.equal((await closeCode(notRenewed)).code, 1008)
  const pending = relay.connect()
  const { address } = await listener.nextAccept()
  await listener.rendezvous(address)
  await pending
})

test('a control channel whose token expires is closed with 1008; relayed connections go on', async () => {
  await using relay = await startTestRelay({ options: { tokenGrace: '0s' } })
  const listener = await relay.listen('echo', {
    token: signToken(relay.access().listen, { expiresInSeconds: shortSeconds }),
  })
  const pending = relay.connect()
  const { address } = await listener.nextAccept()
  const rendezvous = await listener.rendezvous(address)
  const sender = await pending
  const { code, reason } = await closeCode(listener)
  assert.equal(code, 1008)
  assert.match(reason, /expired.*TrackingId:/)
  sender.text('still here')
  assert.equal((await rendezvous.frames.next()).payload.toString(), 'still here')
})

test('a token is good for the grace time after it ran out, as clients renew at the moment of expiry', async () => {
  await using relay = await startTestRelay({ options: { tokenGrace: '1m' } })
  const { listen } = relay.access()
  const listener = await relay.listen('echo', { token: signToken(listen, { expiresInSeconds: -30 }) })
  listener.control.text(encodeRenewToken(signToken(listen)))
  const pending = relay.connect()
  const { address } = await listener.nextAccept()
  await listener.rendezvous(address)
  await pending
})

test('a renewal with a wrong or expired token closes the channel with 1008', async () => {
  await using relay = await startTestRelay({ options: { tokenGrace: '0s' } })
  const { listen } = relay.access()
  for (const token of [
    signToken(listen.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=wrong')),
    signToken(listen, { expiresInSeconds: -60 }),
    signToken(listen, { path: 'other' }),
  ]) {
    const listener = await relay.listen()
    listener.control.text(encodeRenewToken(token))
    assert.equal((await closeCode(listener)).code, 1008)
  }
})

test('what is no token at all is ignored until the old one has run out: the Java client renews with it', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen()
  listener.control.text(encodeRenewToken('com.microsoft.azure.relay.SharedAccessSignatureToken@1a2b3c'))
  listener.control.text('not json')
  listener.control.text('{"injectFault":{"delay":1}}')
  const pending = relay.connect()
  const { address } = await listener.nextAccept()
  await listener.rendezvous(address)
  await pending
})

test('a message of more than 64 KiB closes the control channel with 1009', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen()
  listener.control.text(`{"renewToken":{"token":"${'x'.repeat(70_000)}"}}`)
  assert.equal((await closeCode(listener)).code, 1009)
})

test('the relay pings control channels, and drops one that answers nothing', async () => {
  await using relay = await startTestRelay({ options: { pingInterval: '100ms' } })
  const alive = await relay.listen('echo')
  const dead = await RawWebSocket.dial({
    url: relay.url('open', 'sb-hc-action=listen'),
    headers: { ServiceBusAuthorization: signToken(relay.access('open').listen) },
    tls: relay.tls,
  })
  assert.equal((await dead.frames.next()).opcode, Opcode.ping)
  await dead.ended
  await metrics.until(relay, 'postern_active_listeners', 1)
  const pending = relay.connect()
  const { address } = await alive.nextAccept()
  await alive.rendezvous(address)
  await pending
})

test('a ping of the listener is answered', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen()
  listener.control.send(Opcode.ping, 'hello')
  const frame = await listener.others.next()
  assert.deepEqual([frame.opcode, frame.payload.toString()], [Opcode.pong, 'hello'])
})

test('every one of several listeners gets some of many connections', async () => {
  await using relay = await startTestRelay()
  const listeners = await Promise.all([relay.listen(), relay.listen(), relay.listen()])
  const counts = [0, 0, 0]
  const serving = listeners.map(async (listener, index) => {
    for (;;) {
      const { address } = await listener.nextAccept()
      counts[index] = (counts[index] ?? 0) + 1
      const rendezvous = await listener.rendezvous(address)
      rendezvous.close(1000)
    }
  })
  for (const task of serving) task.catch(() => {})
  for (let i = 0; i < 60; i += 1) {
    const sender = await relay.connect()
    sender.close(1000)
  }
  assert.ok(
    counts.every((count) => count > 5),
    `each got its share: ${counts.join(', ')}`,
  )
})

test('AllowedListeners and DisallowedListeners pick by the id of the listener; nobody left is 404 with its own text', async () => {
  await using relay = await startTestRelay()
  const a = '11111111-1111-1111-1111-111111111111'
  const b = '22222222-2222-2222-2222-222222222222'
  const [first, second] = [await relay.listen('echo', { id: a }), await relay.listen('echo', { id: b })]
  const token = { ServiceBusAuthorization: signToken(relay.access().send) }
  const connectVia = async (headers: Record<string, string>, expected: ScriptedListener): Promise<void> => {
    const pending = relay.connect('echo', { headers: { ...token, ...headers } })
    const { address } = await expected.nextAccept()
    await expected.rendezvous(address)
    await pending
  }
  for (let i = 0; i < 5; i += 1) {
    await connectVia({ 'Microsoft-Relay-AllowedListeners': b.toUpperCase() }, second)
    await connectVia({ 'Microsoft-Relay-DisallowedListeners': `x, ${b}` }, first)
  }
  const refusal = await refused(
    relay.connect('echo', { headers: { ...token, 'Microsoft-Relay-AllowedListeners': 'nobody' } }),
  )
  assert.equal(refusal.status, 404)
  assert.match(
    refusal.reason,
    /^None of the connected listeners meet the AllowedListeners\/DisallowedListeners criteria/,
  )
})

const put = (relay: TestRelay, change: (value: never) => object, key: string) =>
  relay.relay.server.store.get(key).then((stored) => {
    assert.ok(stored)
    return relay.relay.server.store.put({
      ...stored.document,
      value: { ...stored.document.value, ...change(stored.document.value as never) },
    } as typeof stored.document)
  })

test('a regenerated key closes the control channels that it admitted, at once and no others', async () => {
  await using relay = await startTestRelay({
    resources: resources({ rules: [rule('mine', ['Listen', 'Send'])] }),
  })
  const byEntityRule = await relay.listen()
  const byNamespaceRule = await relay.listen('other')
  const pending = relay.connect()
  const { address } = await byEntityRule.nextAccept()
  const rendezvous = await byEntityRule.rendezvous(address)
  const sender = await pending
  const { Secret } = await import('@postern/program')
  await put(
    relay,
    (value: { rules: { primaryKey: unknown }[] }) => ({
      rules: value.rules.map((old) => ({ ...old, primaryKey: new Secret('a new key') })),
    }),
    'hc/local/echo',
  )
  assert.equal((await closeCode(byEntityRule)).code, 1008)
  sender.text('goes on')
  assert.equal((await rendezvous.frames.next()).payload.toString(), 'goes on')
  assert.equal(await metrics(relay, 'postern_active_listeners', 'entity="other"'), 1)
  byNamespaceRule.close()
})

test('a deleted hybrid connection closes its control channels and relayed connections with 1001', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen()
  const pending = relay.connect()
  const { address } = await listener.nextAccept()
  const rendezvous = await listener.rendezvous(address)
  const sender = await pending
  await relay.relay.server.store.delete('hc/local/echo')
  assert.equal((await closeCode(listener)).code, 1001)
  assert.equal(decodeClose((await sender.frames.next()).payload).code, 1001)
  assert.equal(decodeClose((await rendezvous.frames.next()).payload).code, 1001)
  const again = await refused(relay.listen('echo', { token: signToken(relay.access('open').listen, { path: '' }) }))
  assert.equal(again.status, 404)
})

test('a stopping relay sends listeners away with 1001', async () => {
  const relay = await startTestRelay()
  const listener = await relay.listen()
  const stopping = relay.relay.stop()
  assert.equal((await closeCode(listener)).code, 1001)
  await stopping
})
