// docs/protocol/messages.md, "What a hybrid connection allows".
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { Opcode } from '@postern/websocket'
import { auditRecords } from './audit-records.ts'
import { send } from './http-client.ts'
import { metrics } from './metrics.ts'
import { refused } from './refused.ts'

type Actions = NonNullable<ReturnType<TestRelay['relay']['server']['catalog']['find']>>['entity']['actions']

function relayThatAllows(actions: Actions): Promise<TestRelay> {
  return startTestRelay({
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [{ name: 'RootManageSharedAccessKey', rights: ['Listen', 'Send', 'Manage'] }],
          hybridConnections: [
            { name: 'echo', requiresClientAuthorization: false, ...(actions !== undefined && { actions }) },
          ],
        },
      ],
    },
  })
}

async function allow(relay: TestRelay, actions: NonNullable<Actions>): Promise<void> {
  const { catalog, store } = relay.relay.server
  const entity = catalog.find('local', 'echo')?.entity
  assert.ok(entity)
  await store.put({ kind: 'hybridConnection', origin: 'declared', value: { ...entity, actions } })
}

test('what a hybrid connection does not allow is 403 for those who may come in, and counted as their error', async () => {
  await using relay = await relayThatAllows(['publish'])
  const listener = await relay.listen()
  const connect = await refused(relay.connect())
  assert.equal(connect.status, 403)
  assert.match(connect.reason, /^The hybrid connection does not allow this action\. TrackingId/)
  const request = await send(relay, '/echo')
  assert.equal(request.status, 403)
  assert.equal(JSON.parse(request.body.toString()).error.code, 'ActionDisabled')
  assert.equal(await metrics(relay, 'postern_sender_connections_client_error_total'), 2)
  assert.equal(await metrics(relay, 'postern_refusals_total', 'code="ActionDisabled"'), 2)
  const records = await auditRecords(relay, 3)
  assert.deepEqual(
    records.slice(1).map(({ action, result, reason }) => [action, result, reason?.split(':')[0]]),
    [
      ['connect', 'refused', 'ActionDisabled'],
      ['request', 'refused', 'ActionDisabled'],
    ],
  )
  listener.close()
})

test('a stranger does not learn what a hybrid connection allows', async () => {
  await using relay = await relayThatAllows([])
  const { store, catalog } = relay.relay.server
  const entity = catalog.find('local', 'echo')?.entity
  assert.ok(entity)
  await store.put({ kind: 'hybridConnection', value: { ...entity, requiresClientAuthorization: true } })
  assert.equal((await refused(relay.connect('echo', { headers: {} }))).status, 401)
  assert.equal((await send(relay, '/echo')).status, 401)
})

test('connect that is taken away ends relayed connections with 1008, and senders that wait, but no listener', async () => {
  await using relay = await relayThatAllows(undefined)
  const listener = await relay.listen()
  const joining = relay.connect()
  const rendezvous = await listener.rendezvous((await listener.nextAccept()).address)
  const sender = await joining
  const waiting = refused(relay.connect())
  await listener.nextAccept()
  await allow(relay, ['request'])
  for (const end of [sender, rendezvous]) {
    const { opcode, payload } = await end.frames.next()
    assert.deepEqual([opcode, payload.readUInt16BE()], [Opcode.close, 1008])
  }
  assert.equal((await waiting).status, 403)
  await allow(relay, ['connect'])
  const again = relay.connect()
  await listener.rendezvous((await listener.nextAccept()).address)
  ;(await again).abort()
  listener.close()
})
