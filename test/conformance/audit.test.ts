// What the audit log says of listeners, senders, requests and relayed streams: each exactly once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeRenewToken, encodeResponse } from '@postern/protocol'
import { RawWebSocket, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { Opcode } from '@postern/websocket'
import { auditRecords } from './audit-records.ts'
import { begin, send } from './http-client.ts'
import { refused } from './refused.ts'

const entityId = (name: string): string =>
  `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/postern/providers/Microsoft.Relay/namespaces/local/hybridConnections/${name}`

const root = 'rule:namespace/Root'

const startRelay = (options: Parameters<typeof startTestRelay>[0] = {}): Promise<TestRelay> =>
  startTestRelay({
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [{ name: 'Root', rights: ['Listen', 'Send', 'Manage'] }],
          hybridConnections: [
            {
              name: 'echo',
              userMetadata: JSON.stringify([{ key: 'endpoint', value: 'db.corp:5432' }]),
              rules: [{ name: 'in', rights: ['Listen'] }],
            },
            { name: 'open', requiresClientAuthorization: false },
          ],
        },
      ],
    },
    ...options,
  })

/** The whole record but for what no test can foresee, which is checked for its form. */
async function recordsOf(relay: TestRelay, count: number): Promise<Record<string, unknown>[]> {
  const records = await auditRecords(relay, count)
  return records.map(({ at, trackingId, source, stream, ...rest }) => {
    assert.ok(Math.abs(at.getTime() - Date.now()) < 20_000)
    assert.match(trackingId, /_G0$/)
    assert.match(source, /^127\.0\.0\.1:\d{4,5}$/)
    if (!stream) return rest
    const { durationMs, bytesFromSender, bytesFromListener, ...more } = stream
    assert.ok(durationMs >= 0 && durationMs < 10_000 && Number.isInteger(durationMs))
    return { ...rest, bytes: [bytesFromSender, bytesFromListener], stream: more }
  })
}

const decision = (action: string, more: object = {}): Record<string, unknown> => ({
  kind: 'decision',
  principal: root,
  action,
  scope: entityId('echo'),
  result: 'allowed',
  reason: 'primary key',
  ...more,
})

test('a listener, a sender and what was relayed between them leave one record each', async () => {
  await using relay = await startRelay()
  const listener = await relay.listen('echo', { id: 'hcm-7' })
  const pending = relay.connect('echo')
  const rendezvous = await listener.rendezvous((await listener.nextAccept()).address)
  const sender = await pending
  sender.binary('x'.repeat(1000))
  await rendezvous.frames.next()
  rendezvous.binary('y'.repeat(100))
  await sender.frames.next()
  sender.close(1000, 'all done')
  await rendezvous.frames.next()
  rendezvous.close(1000)
  const [listened, connected, relayed, ...more] = await recordsOf(relay, 3)
  assert.deepEqual(listened, decision('listen', { principal: 'rule:hybridConnection/in' }))
  assert.deepEqual(connected, decision('connect'))
  assert.deepEqual(relayed, {
    kind: 'stream',
    principal: root,
    action: 'connect',
    scope: entityId('echo'),
    result: 'succeeded',
    // Masked frames: 8 bytes of header for the data, 6 for CLOSE with 2 of code and 8 of reason.
    bytes: [1008 + 16, 106 + 8],
    stream: { listener: 'hcm-7', target: 'db.corp:5432', closeReason: 'sender: CLOSE 1000 all done' },
  })
  assert.deepEqual(more, [])
})

test('whatever cuts a relayed connection stands in its record', async () => {
  await using relay = await startRelay()
  const listener = await relay.listen('open')
  const join = async (): Promise<[RawWebSocket, RawWebSocket]> => {
    const pending = relay.connect('open', { headers: {} })
    const rendezvous = await listener.rendezvous((await listener.nextAccept()).address)
    return [await pending, rendezvous]
  }
  const reasons = async (count: number): Promise<unknown> => {
    const records = await auditRecords(relay, count)
    const { principal, result, stream } = records.findLast(({ kind }) => kind === 'stream')!
    return [principal, result, stream?.closeReason, stream?.target]
  }
  const [sender] = await join()
  sender.socket.end()
  assert.deepEqual(await reasons(3), ['anonymous', 'failed', 'sender: ended TCP without CLOSE', undefined])
  const [, rendezvous] = await join()
  rendezvous.send(0x3, 'what is this')
  assert.deepEqual(await reasons(5), ['anonymous', 'failed', 'listener: The opcode is reserved', undefined])
  await join()
  await relay.relay.server.store.delete('hc/local/open')
  assert.deepEqual(await reasons(7), ['anonymous', 'failed', 'relay: The hybrid connection was deleted.', undefined])
})

test('the reason of a refusal is recorded, and who it was as far as the token proves it', async () => {
  await using relay = await startRelay({ options: { tokenGrace: '0s' } })
  const { listen, send: sendString } = relay.access()
  const attempt = (token?: string, path = 'echo'): Promise<unknown> =>
    refused(relay.connect(path, { headers: token === undefined ? {} : { ServiceBusAuthorization: token } }))
  await attempt()
  await attempt('nonsense')
  await attempt(signToken(sendString.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=wrong')))
  await attempt(signToken(sendString, { path: 'other' }))
  await attempt(signToken(sendString, { expiresInSeconds: -5 }))
  await attempt(signToken(listen))
  await attempt(signToken(sendString, { path: '' }), 'nothing')
  await refused(RawWebSocket.dial({ url: relay.url('echo', 'sb-hc-action=listen'), tls: relay.tls }))
  const records = await recordsOf(relay, 8)
  const refusal = (code: string, more: object = {}): Record<string, unknown> =>
    decision('connect', { principal: 'unknown', result: 'refused', reason: code, status: 401, ...more })
  const seen = records.map(({ reason, ...rest }) => ({ ...rest, reason: String(reason).split(':')[0] }))
  assert.deepEqual(seen, [
    refusal('TokenMissing', { principal: 'anonymous' }),
    refusal('TokenMalformed'),
    refusal('TokenSignatureInvalid'),
    refusal('TokenAudienceInvalid', { principal: root }),
    refusal('TokenExpired', { principal: root }),
    refusal('RightMissing', { principal: 'rule:hybridConnection/in' }),
    refusal('EndpointNotFound', { principal: root, scope: `sb://${relay.host}/nothing`, status: 404 }),
    refusal('TokenMissing', { principal: 'anonymous', action: 'listen' }),
  ])
  assert.match(String(records[5]?.['reason']), /^RightMissing: rule in lacks Send$/)
})

test('a sender that was let in and could not be served is told apart from one that was refused', async () => {
  await using relay = await startRelay()
  await refused(relay.connect('echo'))
  const listener = await relay.listen('open')
  const rejected = refused(relay.connect('open', { headers: {} }))
  const { address } = await listener.nextAccept()
  await refused(listener.rendezvous(`${address}&sb-hc-statusCode=403&sb-hc-statusDescription=no`))
  await rejected
  const open = { scope: entityId('open'), principal: 'anonymous' }
  assert.deepEqual(await recordsOf(relay, 5), [
    decision('connect'),
    decision('connect', {
      result: 'failed',
      status: 404,
      reason: 'NoListenersConnected: There are no listeners connected for the endpoint',
    }),
    decision('listen', { scope: entityId('open') }),
    decision('connect', { ...open, reason: 'no client authorization is required' }),
    decision('connect', { ...open, result: 'failed', status: 403, reason: 'ListenerRejected: no' }),
  ])
})

test('an HTTP request leaves a decision, and a stream with the bytes of both bodies', async () => {
  await using relay = await startRelay()
  const token = signToken(relay.access().send)
  const listener = await relay.listen('echo', { id: 'web' })
  const asked = send(relay, '/echo', { method: 'POST', headers: { ServiceBusAuthorization: token } }, 'x'.repeat(1000))
  const { id } = await listener.nextRequest()
  listener.control.text(encodeResponse({ requestId: id, statusCode: 201, responseHeaders: {}, body: true }))
  listener.control.binary('y'.repeat(100))
  assert.equal((await asked).status, 201)
  const stream = { listener: 'web', target: 'db.corp:5432', closeReason: 'complete' }
  const relayed = { kind: 'stream', principal: root, action: 'request', scope: entityId('echo') }
  assert.deepEqual((await recordsOf(relay, 3)).slice(1), [
    decision('request'),
    { ...relayed, result: 'succeeded', status: 201, bytes: [1000, 100], stream },
  ])

  const upload = begin(relay, '/echo', { method: 'POST', headers: { ServiceBusAuthorization: token } })
  upload.on('error', () => {})
  upload.write('x'.repeat(100_000))
  const addressed = await listener.messages.next()
  assert.ok(addressed.kind === 'requestAddress')
  const rendezvous = await listener.rendezvous(addressed.address)
  for (let got = 0; got < 100_000; ) {
    const frame = await rendezvous.frames.next()
    if (frame.opcode !== Opcode.text) got += frame.payload.length
  }
  upload.destroy()
  const [, , , , cut] = await recordsOf(relay, 5)
  assert.deepEqual(cut, {
    ...relayed,
    result: 'failed',
    bytes: [100_000, 0],
    stream: { ...stream, closeReason: 'sender-gone' },
  })
})

test('a request that no listener got is a failed decision and no stream', async () => {
  await using relay = await startRelay()
  const headers = { ServiceBusAuthorization: signToken(relay.access().send) }
  assert.equal((await send(relay, '/echo', { headers })).status, 502)
  assert.equal((await send(relay, '/echo', { headers: { 'X-PROCESS-AT': 'ServiceBus', ...headers } })).status, 200)
  assert.equal((await send(relay, '/echo', { headers: { 'X-PROCESS-AT': 'ServiceBus' } })).status, 401)
  const records = await recordsOf(relay, 4)
  assert.deepEqual(
    records.map(({ kind, action, result, status }) => [kind, action, result, status]),
    [
      ['decision', 'request', 'allowed', undefined],
      ['decision', 'request', 'failed', 502],
      ['decision', 'atom', 'allowed', undefined],
      ['decision', 'atom', 'refused', 401],
    ],
  )
})

test('a renewed token is recorded, at most once a minute; a refused one ends the channel with a record', async () => {
  await using relay = await startRelay()
  const { listen } = relay.access()
  const listener = await relay.listen()
  const wrong = signToken(listen.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=wrong'))
  for (const token of [signToken(listen), signToken(listen), wrong]) listener.control.text(encodeRenewToken(token))
  assert.equal((await listener.others.next()).opcode, Opcode.close)
  listener.close()
  const principal = 'rule:hybridConnection/in'
  assert.deepEqual(await recordsOf(relay, 3), [
    decision('listen', { principal }),
    decision('listen', { principal, reason: 'token renewed' }),
    decision('listen', {
      principal,
      result: 'refused',
      status: 401,
      reason: 'TokenSignatureInvalid: The renewed token is not valid.',
    }),
  ])
})

test('nothing is recorded when auditing is off', async () => {
  await using relay = await startRelay({ options: { audit: 'off' } })
  await relay.listen()
  await refused(relay.connect('echo', { headers: {} }))
  assert.deepEqual(await auditRecords(relay, 0), [])
})
