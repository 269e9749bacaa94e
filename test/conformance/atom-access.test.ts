// Who may change hybrid connections at the data door, from where, and what the audit log says of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestRelay, type TestRelay, wrapRelay } from '@postern/testkit'
import { ask, entryOf, resources, tokenOf } from './atom-client.ts'
import { auditRecords } from './audit-records.ts'
import { assignRole, localScope, signInPrincipal } from './sign-in-principal.ts'

type Network = NonNullable<ReturnType<TestRelay['relay']['server']['catalog']['namespaceByName']>>['network']

async function setNetwork({ relay }: TestRelay, network: Partial<Network>): Promise<void> {
  const value = relay.server.catalog.namespaceByName('local')
  assert.ok(value)
  const changed = { ...value, network: { ...value.network, ...network } }
  await relay.server.store.put({ kind: 'namespace', origin: 'declared', value: changed })
}

const body = entryOf('')

test('the role Azure Relay Owner changes what is in its scope, Listener and Sender only read it', async () => {
  await using relay = await startTestRelay({ resources })
  const { id, token } = await signInPrincipal(relay)
  const put = async (path: string) => (await ask(relay, 'PUT', path, { token, body })).status
  assert.equal(await put('/made'), 401)
  for (const role of ['listener', 'sender', 'owner'] as const) {
    await assignRole(relay, { principalId: id, role, scope: localScope })
    assert.equal(await put('/made'), 401, role)
  }
  assert.equal((await ask(relay, 'GET', '/declared', { token })).status, 200)
  assert.equal((await ask(relay, 'GET', '/$Resources/HybridConnections', { token })).status, 200)
  const ofOne = await assignRole(relay, {
    principalId: id,
    role: 'relayOwner',
    scope: `${localScope}/hybridConnections/made`,
  })
  assert.equal(await put('/made'), 401, 'a role at a hybrid connection that is not there makes none')
  await relay.relay.server.store.delete(ofOne)
  await assignRole(relay, { principalId: id, role: 'relayOwner', scope: localScope })
  assert.equal(await put('/made'), 201)
  assert.equal((await ask(relay, 'DELETE', '/made', { token })).status, 200)
})

test('changes go by the management rules of the namespace, and need no leave to listen or send', async () => {
  await using relay = await startTestRelay({ resources })
  await setNetwork(relay, { defaultAction: 'Deny' })
  assert.equal((await ask(relay, 'PUT', '/made', { body })).status, 201)
  assert.equal((await ask(relay, 'GET', '/made')).status, 401)
  await setNetwork(relay, { defaultAction: 'Allow', defaultActions: { manage: 'Deny' } })
  for (const method of ['PUT', 'DELETE', 'GET']) {
    assert.equal((await ask(relay, method, '/made', { body })).status, 401, method)
  }
  await setNetwork(relay, {
    defaultActions: { manage: 'Deny' },
    rules: [{ ipMask: '127.0.0.0/8', appliesTo: ['manage'] }],
  })
  assert.equal((await ask(relay, 'DELETE', '/made')).status, 200)
})

test('a namespace without public access is changed through the private door alone', async () => {
  await using relay = await startTestRelay({ resources, options: { privatePort: 0 } })
  await setNetwork(relay, { publicNetworkAccess: 'Disabled' })
  assert.equal((await ask(relay, 'PUT', '/made', { body })).status, 401)
  const inside = wrapRelay({ ...relay.relay, data: `https://localhost:${relay.relay.server.privatePort}` })
  assert.equal((await ask(inside, 'PUT', '/made', { body })).status, 201)
  assert.equal((await ask(relay, 'DELETE', '/made')).status, 401)
})

test('every change is in the audit log when it is answered, with who made it', async () => {
  await using relay = await startTestRelay({ resources })
  await ask(relay, 'PUT', '/a/b', { body })
  await ask(relay, 'PUT', '/a/b', { body })
  await ask(relay, 'DELETE', '/A/B')
  await ask(relay, 'PUT', '/made', { body, token: tokenOf(relay, 'lister') })
  await ask(relay, 'GET', '/$Resources/HybridConnections')
  const records = await auditRecords(relay, 5)
  const principal = 'rule:namespace/Root'
  const scope = `${localScope}/hybridConnections/a/b`
  assert.deepEqual(
    records.map((record) => [record.kind, record.action, record.scope, record.result, record.principal]),
    [
      ['management', 'Microsoft.Relay/namespaces/hybridConnections/write', scope, 'succeeded', principal],
      ['decision', 'atom', scope, 'failed', principal],
      ['management', 'Microsoft.Relay/namespaces/hybridConnections/delete', scope, 'succeeded', principal],
      ['decision', 'atom', `${localScope}/hybridConnections/made`, 'refused', 'rule:namespace/lister'],
      ['decision', 'atom', localScope, 'allowed', principal],
    ],
  )
  assert.match(records[1]?.reason ?? '', /^EndpointAlreadyExists/)
})
