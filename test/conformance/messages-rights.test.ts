// docs/protocol/messages.md, "What a hybrid connection allows": the rights matrix times the actions, and what ends a connection.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { RawWebSocket, signToken, type TestRelay } from '@postern/testkit'
import { HandshakeRefused, Opcode } from '@postern/websocket'
import { answer, begin, head, send } from './http-client.ts'
import { post, startMessageRelay, stream, subscribe } from './message-relay.ts'
import { metrics } from './metrics.ts'
import { assignRole, localScope, signInPrincipal } from './sign-in-principal.ts'

type Entity = NonNullable<ReturnType<TestRelay['relay']['server']['catalog']['find']>>['entity']

type Held = { readonly id: string; readonly assignment: string }

type Namespace = NonNullable<ReturnType<TestRelay['relay']['server']['catalog']['namespaceByName']>>

async function changeNamespace(relay: TestRelay, changes: (from: Namespace) => Partial<Namespace>): Promise<void> {
  const { catalog, store } = relay.relay.server
  const value = catalog.namespaceByName('local')
  assert.ok(value)
  await store.put({ kind: 'namespace', origin: 'declared', value: { ...value, ...changes(value) } })
}

async function change(relay: TestRelay, changes: Partial<Entity>, name = 'news'): Promise<void> {
  const { catalog, store } = relay.relay.server
  const entity = catalog.find('local', name)?.entity
  assert.ok(entity)
  await store.put({ kind: 'hybridConnection', origin: 'declared', value: { ...entity, ...changes } })
}

function tokenOf(relay: TestRelay, rule: string): string {
  const keys: Record<string, string> = { listener: 'listen-key', sender: 'send-key' }
  const whole = relay.access('news').send
  const key = keys[rule]
  if (key === undefined) return signToken(whole, { path: '' })
  return signToken(
    whole
      .replace(/SharedAccessKeyName=[^;]*/, `SharedAccessKeyName=${rule}`)
      .replace(/SharedAccessKey=[^;]*/, `SharedAccessKey=${key}`),
  )
}

async function upgradeStatus(attempt: Promise<RawWebSocket>): Promise<number> {
  try {
    ;(await attempt).abort()
    return 101
  } catch (error) {
    assert.ok(error instanceof HandshakeRefused)
    assert.match(error.body, /\{"error":\{"code":"\w+","message":".+"\}\}/)
    return error.status
  }
}

/** What each action answers over WebSocket and over HTTP. */
async function statuses(relay: TestRelay, name: string, token: string | undefined): Promise<Record<string, string>> {
  const headers: Record<string, string> = token === undefined ? {} : { ServiceBusAuthorization: token }
  const found: Record<string, string> = {}
  for (const action of ['send', 'publish', 'subscribe']) {
    const url = relay.url(name, `sb-hc-action=${action}`)
    const socket = await upgradeStatus(RawWebSocket.dial({ url, headers, tls: relay.tls }))
    const request = begin(relay, `/${name}?sb-hc-action=${action}`, {
      headers,
      method: action === 'subscribe' ? 'GET' : 'POST',
    })
    request.end()
    const response = await head(request)
    if (response.statusCode !== 200 && response.statusCode !== 202) {
      let text = ''
      for await (const chunk of response) text += String(chunk)
      assert.notEqual(text, '', 'every refusal has a text body')
    } else request.destroy()
    found[action] = `${socket} ${response.statusCode}`
  }
  return found
}

test('Send sends and publishes, Listen subscribes, Manage does all; others and strangers do nothing', async () => {
  await using relay = await startMessageRelay()
  const listening = await relay.listen('news')
  const matrix = {
    listener: { send: '401 401', publish: '401 401', subscribe: '101 200' },
    sender: { send: '101 202', publish: '101 202', subscribe: '401 401' },
    RootManageSharedAccessKey: { send: '101 202', publish: '101 202', subscribe: '101 200' },
  }
  for (const [rule, expected] of Object.entries(matrix)) {
    assert.deepEqual(await statuses(relay, 'news', tokenOf(relay, rule)), expected, rule)
  }
  const nothing = { send: '401 401', publish: '401 401', subscribe: '401 401' }
  assert.deepEqual(await statuses(relay, 'news', undefined), nothing)
  assert.deepEqual(await statuses(relay, 'news', 'SharedAccessSignature sr=x&sig=y&se=1&skn=z'), nothing)
  listening.close()
})

test('where senders need no token they need none to send and publish; subscribers always do', async () => {
  await using relay = await startMessageRelay()
  const listening = await relay.listen('open')
  assert.deepEqual(await statuses(relay, 'open', undefined), {
    send: '101 202',
    publish: '101 202',
    subscribe: '401 401',
  })
  listening.close()
})

test('a hybrid connection that says nothing of actions has no messages, and one that is not there is told so', async () => {
  await using relay = await startMessageRelay()
  const token = tokenOf(relay, 'RootManageSharedAccessKey')
  assert.deepEqual(await statuses(relay, 'plain', token), { send: '403 403', publish: '403 403', subscribe: '403 403' })
  assert.deepEqual(await statuses(relay, 'nowhere', token), {
    send: '404 404',
    publish: '404 404',
    subscribe: '404 404',
  })
  const refusal = await post(relay, 'publish', 'x', { path: '/plain' })
  assert.equal(JSON.parse(refusal.body.toString()).error.code, 'ActionDisabled')
})

/** One of each that can be closed: subscriber, streaming sender, stream of events. */
async function openAll(relay: TestRelay) {
  const subscriber = await subscribe(relay)
  const sender = await stream(relay, 'publish')
  const request = begin(relay, '/news?sb-hc-action=subscribe', {
    headers: { ServiceBusAuthorization: signToken(relay.access('news').listen) },
  })
  request.end()
  const events = await head(request)
  return {
    async codes(): Promise<number[]> {
      const codes = []
      for (const { frames } of [subscriber, sender]) {
        const { opcode, payload } = await frames.next()
        assert.equal(opcode, Opcode.close)
        codes.push(payload.readUInt16BE())
      }
      let text = ''
      for await (const chunk of events) text += String(chunk)
      const last = /event: end\ndata: (.*)\n\n$/.exec(text)?.[1]
      assert.ok(last, text)
      const { code, reason } = JSON.parse(last)
      assert.match(reason, /TrackingId:/)
      return [...codes, code]
    },
  }
}

for (const [title, act, codes] of [
  [
    'a hybrid connection that is deleted',
    (relay: TestRelay) => relay.relay.server.store.delete('hc/local/news'),
    [1001, 1001, 1001],
  ],
  ['a relay that stops', (relay: TestRelay) => relay.relay.stop({ graceMs: 500 }), [1001, 1001, 1001]],
  ['actions that are taken away', (relay: TestRelay) => change(relay, { actions: ['connect'] }), [1008, 1008, 1008]],
  [
    'a key that is changed',
    (relay: TestRelay) => changeNamespace(relay, ({ rules }) => ({ rules: rules.slice(1) })),
    [1008, 1008, 1008],
  ],
  [
    'an address that is shut out',
    (relay: TestRelay) =>
      changeNamespace(relay, ({ network }) => ({ network: { ...network, defaultAction: 'Deny' as const } })),
    [1008, 1008, 1008],
  ],
] as const) {
  test(`${title} ends subscribers, streams of events and streaming senders with ${codes[0]}`, async () => {
    await using relay = await startMessageRelay()
    const all = await openAll(relay)
    const acting = act(relay)
    assert.deepEqual(await all.codes(), codes)
    await acting
  })
}

for (const [title, act, status, code] of [
  [
    'the hybrid connection is deleted',
    (relay: TestRelay) => relay.relay.server.store.delete('hc/local/news'),
    404,
    'EndpointNotFound',
  ],
  ['publishing is disabled', (relay: TestRelay) => change(relay, { actions: ['send'] }), 403, 'ActionDisabled'],
  [
    'its rule is deleted',
    (relay: TestRelay) => changeNamespace(relay, ({ rules }) => ({ rules: rules.slice(1) })),
    401,
  ],
  [
    'its address is shut out',
    (relay: TestRelay) =>
      changeNamespace(relay, ({ network }) => ({ network: { ...network, defaultAction: 'Deny' as const } })),
    401,
  ],
] as const) {
  test(`a message is refused with ${status} when ${title} before its last byte has come`, async () => {
    await using relay = await startMessageRelay()
    const request = begin(relay, '/news?sb-hc-action=publish', {
      method: 'POST',
      headers: { ServiceBusAuthorization: signToken(relay.access('news').send), Expect: '100-continue' },
    })
    request.flushHeaders()
    await once(request, 'continue')
    request.write('half ')
    await act(relay)
    request.end('and half')
    const refused = await answer(request)
    assert.equal(refused.status, status, refused.body.toString())
    if (code !== undefined) assert.equal(JSON.parse(refused.body.toString()).error.code, code)
    assert.equal(await metrics(relay, 'postern_messages_received_total'), 0)
  })
}

test('a streaming sender without a token is closed when tokens are demanded, whatever it had shown', async () => {
  await using relay = await startMessageRelay()
  const expired = signToken(relay.access('open').send, { expiresInSeconds: -3600 })
  const headers: Record<string, string>[] = [{}, { ServiceBusAuthorization: expired }]
  const url = relay.url('open', 'sb-hc-action=publish')
  const senders = await Promise.all(headers.map((each) => RawWebSocket.dial({ url, headers: each, tls: relay.tls })))
  await change(relay, { requiresClientAuthorization: true }, 'open')
  for (const { frames } of senders) {
    const { opcode, payload } = await frames.next()
    assert.deepEqual([opcode, payload.readUInt16BE()], [Opcode.close, 1008])
  }
})

test('a streaming sender stays with its hybrid connection when its path becomes the name of another one', async () => {
  await using relay = await startMessageRelay()
  const sender = await stream(relay, 'publish', 'open/deeper')
  const { catalog, store } = relay.relay.server
  const open = catalog.get('local', 'open')
  assert.ok(open)
  await store.put({ kind: 'hybridConnection', origin: 'declared', value: { ...open, name: 'open/deeper' } })
  sender.text('x')
  assert.match((await sender.frames.next()).payload.toString(), /ack/)
  await change(relay, { requiresClientAuthorization: true }, 'open')
  assert.equal((await sender.frames.next()).payload.readUInt16BE(), 1008)
})

/** Those of one principal: a streaming sender, a subscriber and a stream of events. */
async function openAs(relay: TestRelay, role: 'listener' | 'sender') {
  const principal = await signInPrincipal(relay, role)
  const assignment = await assignRole(relay, { principalId: principal.id, role, scope: localScope })
  const headers = { ServiceBusAuthorization: principal.token }
  if (role === 'sender') {
    const url = relay.url('news', 'sb-hc-action=send')
    return { id: principal.id, assignment, sockets: [await RawWebSocket.dial({ url, headers, tls: relay.tls })] }
  }
  const url = relay.url('news', 'sb-hc-action=subscribe')
  const socket = await RawWebSocket.dial({ url, headers, tls: relay.tls })
  const request = begin(relay, '/news?sb-hc-action=subscribe', { headers })
  request.end()
  return { id: principal.id, assignment, sockets: [socket], events: await head(request) }
}

for (const [title, act] of [
  ['loses its role', (relay: TestRelay, { assignment }: Held) => relay.relay.server.store.delete(assignment)],
  ['is disabled', (relay: TestRelay, { id }: Held) => relay.relay.server.identity.directory.setEnabled(id, false)],
  ['is deleted', (relay: TestRelay, { id }: Held) => relay.relay.server.identity.directory.delete(id)],
] as const) {
  test(`a principal that ${title} is closed with 1008 wherever it sends and subscribes, and nobody else is`, async () => {
    await using relay = await startMessageRelay()
    const other = await openAs(relay, 'listener')
    const bySignature = await subscribe(relay)
    const held = [await openAs(relay, 'sender'), await openAs(relay, 'listener')]
    for (const each of held) await act(relay, each)
    for (const { sockets, events } of held) {
      for (const { frames } of sockets) assert.equal((await frames.next()).payload.readUInt16BE(), 1008)
      if (events === undefined) continue
      let text = ''
      for await (const chunk of events) text += String(chunk)
      assert.match(text, /event: end\ndata: \{"code":1008/)
    }
    assert.equal((await post(relay, 'publish', 'still')).headers['sb-hc-receivers'], '3')
    for (const { frames } of [...other.sockets, bySignature]) {
      assert.equal((await frames.next()).payload.toString(), 'still')
    }
  })
}

test('a publisher that may publish no more is closed; one that may send goes on', async () => {
  await using relay = await startMessageRelay()
  const publisher = await stream(relay, 'publish')
  const sender = await stream(relay, 'send')
  await change(relay, { actions: ['send'] })
  assert.equal((await publisher.frames.next()).payload.readUInt16BE(), 1008)
  publisher.close(1008)
  await publisher.ended
  sender.text('x')
  assert.equal(JSON.parse((await sender.frames.next()).payload.toString()).nack.status, 502)
  assert.equal(await metrics(relay, 'postern_refusals_total', 'code="ActionDisabled"', 'stage="publish"'), 1)
})

test('a token that has run out ends all three with 1008 after its grace', async () => {
  await using relay = await startMessageRelay({ tokenGrace: '500ms' })
  const short = (access: string): Record<string, string> => ({
    ServiceBusAuthorization: signToken(access, { expiresInSeconds: 2 }),
  })
  const { listen, send: sendString } = relay.access('news')
  const subscriber = await RawWebSocket.dial({
    url: relay.url('news', 'sb-hc-action=subscribe'),
    headers: short(listen),
    tls: relay.tls,
  })
  const sender = await RawWebSocket.dial({
    url: relay.url('news', 'sb-hc-action=send'),
    headers: short(sendString),
    tls: relay.tls,
  })
  const events = await send(relay, '/news?sb-hc-action=subscribe', { headers: short(listen) })
  assert.match(events.body.toString(), /event: end\ndata: \{"code":1008,"reason":"The token has expired/)
  for (const { frames } of [subscriber, sender]) {
    const { payload } = await frames.next()
    assert.equal(payload.readUInt16BE(), 1008)
  }
})

test('subscribers share the limit of listeners, and give their place back', async () => {
  await using relay = await startMessageRelay({ maxListenersPerEntity: 2 })
  const listener = await relay.listen('news')
  const subscriber = await subscribe(relay)
  assert.equal(await upgradeStatus(subscribe(relay)), 403)
  const events = await send(relay, '/news?sb-hc-action=subscribe', {
    headers: { ServiceBusAuthorization: signToken(relay.access('news').listen) },
  })
  assert.equal(events.status, 403)
  assert.match(events.body.toString(), /maximum number of listeners/)
  subscriber.close(1000)
  await subscriber.ended
  await metrics.until(relay, 'postern_subscribers', 0)
  assert.equal(await upgradeStatus(subscribe(relay)), 101)
  listener.close()
})

test('a streaming sender and a subscriber are connections of their namespace', async () => {
  await using relay = await startMessageRelay({ maxConnectionsPerNamespace: 2 })
  await stream(relay, 'publish')
  const subscriber = await subscribe(relay)
  assert.equal((await post(relay, 'publish', 'x')).status, 403)
  assert.equal(await upgradeStatus(stream(relay, 'publish')), 403)
  subscriber.close(1000)
  await subscriber.ended
  await metrics.until(relay, 'postern_subscribers', 0)
  assert.equal((await post(relay, 'publish', 'x')).status, 202)
})
