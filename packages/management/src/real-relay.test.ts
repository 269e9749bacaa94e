// The client against a relay as it is, over TLS.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { createManagementClient, type ManagementClient } from './management-client.ts'
import { signInWithClientCredentials } from './oauth/client-credentials.ts'
import { keepToken } from './oauth/token-keeper.ts'
import { collect } from './stub-endpoint.contract.ts'

const subscriptionId = 'any text'
const group = { subscriptionId, resourceGroupName: 'g' }

let relay: TestRelay
let client: ManagementClient
let endpoint: string

before(async () => {
  relay = await startTestRelay()
  endpoint = relay.relay.management
  // `fetch` has no option for it.
  setDefaultCACertificates([...getCACertificates('default'), relay.relay.caPem ?? ''])
  const { clientId = '', clientSecret } = relay.relay.bootstrapAdmin ?? {}
  client = clientOf(clientId, clientSecret?.reveal() ?? '')
  await client.call('ResourceGroups_CreateOrUpdate', { params: group, body: { location: 'home' } })
})
after(() => relay[Symbol.asyncDispose]())

function clientOf(clientId: string, clientSecret: string): ManagementClient {
  const token = keepToken(() => signInWithClientCredentials({ endpoint, clientId, clientSecret }))
  return createManagementClient({ endpoint, token })
}

describe('with a real relay', () => {
  test('resources are made, waited for, read page by page and deleted', async () => {
    const namespace = { ...group, namespaceName: 'contoso' }
    const made = await client.callAndWait('Namespaces_CreateOrUpdate', {
      params: namespace,
      body: { location: 'home' },
    })
    assert.equal(made.properties.provisioningState, 'Succeeded')
    for (const name of ['a', 'b/c', 'd-e']) {
      const params = { ...namespace, hybridConnectionName: name }
      const body = { properties: {} }
      assert.equal((await client.call('HybridConnections_CreateOrUpdate', { params, body })).name, name)
      assert.equal((await client.call('HybridConnections_Get', { params })).name, name)
    }
    const list = { params: namespace, query: { $top: '2' } }
    const pages = await collect(client.pages('HybridConnections_ListByNamespace', list))
    assert.deepEqual(
      pages.map((page) => page.map(({ name }) => name)),
      [['a', 'b/c'], ['d-e']],
    )
    await client.callAndWait('Namespaces_Delete', { params: namespace })
    await assert.rejects(client.call('Namespaces_Get', { params: namespace }), {
      name: 'ManagementError',
      code: 'ResourceNotFound',
      status: 404,
    })
  })

  test('an app follows what it may use, and goes on where it was', async () => {
    const namespace = { ...group, namespaceName: 'fabrikam' }
    const app = { ...group, name: 'shop' }
    const entity = { ...namespace, hybridConnectionName: 'db' }
    await client.callAndWait('Namespaces_CreateOrUpdate', { params: namespace, body: { location: 'home' } })
    const userMetadata = '[{"key":"endpoint","value":"db.local:5432"}]'
    await client.call('HybridConnections_CreateOrUpdate', { params: entity, body: { properties: { userMetadata } } })
    const plan = await client.callAndWait('AppServicePlans_CreateOrUpdate', {
      params: { ...group, name: 'plan' },
      body: { location: 'home', sku: { name: 'B1' } },
    })
    await client.callAndWait('WebApps_CreateOrUpdate', {
      params: app,
      body: { location: 'home', properties: { serverFarmId: plan.id }, identity: { type: 'SystemAssigned' } },
    })
    const { clientId, clientSecret } = await client.call('WebApps_CreateConnectorCredential', { params: app, body: {} })

    const stop = AbortSignal.timeout(20_000)
    const seen: string[][] = []
    let last = ''
    const connector = clientOf(clientId, clientSecret)
    for await (const { id, data } of connector.events('Apps_GetOwnHybridConnections', { signal: stop })) {
      const { value }: { value: { name: string }[] } = JSON.parse(data)
      seen.push(value.map(({ name }) => name))
      last = id
      if (seen.length === 2) break
      await client.call('WebApps_CreateOrUpdateHybridConnection', {
        params: { ...app, namespaceName: 'fabrikam', relayName: 'db' },
        body: { properties: { sendKeyName: 'RootManageSharedAccessKey' } },
      })
    }
    assert.deepEqual(seen, [[], ['db']])
    const same = await connector.call('Apps_GetOwnHybridConnections', { query: { after: last, wait: '1s' } })
    assert.equal(same, undefined, 'nothing has changed')
  })

  test('a wrong secret, a wrong token and a change that came too late are told apart', async () => {
    const wrong = clientOf(relay.relay.bootstrapAdmin?.clientId ?? '', 'x'.repeat(40))
    await assert.rejects(wrong.call('Subscriptions_List'), { code: 'invalid_client', status: 401 })
    const forged = createManagementClient({ endpoint, token: () => 'a.b.c' })
    await assert.rejects(forged.call('Subscriptions_List'), { code: 'InvalidAuthenticationToken', status: 401 })
    const late = client.call('ResourceGroups_Update', { params: group, body: {}, headers: { 'If-Match': '"0"' } })
    await assert.rejects(late, { code: 'PreconditionFailed', status: 412 })
  })
})
