// @azure/arm-relay 3.1.1 as npm delivers it, signed in by @azure/identity, against the management API of a relay.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parseConnectionString } from '@postern/protocol'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureApplication, type Exemption, type Json, type SdkClient } from './azure-application.ts'
import type { ClientError } from './client-process.ts'

const exemptions: readonly Exemption[] = [
  {
    operation: /^wCFRelays\..*(?:Keys|AuthorizationRules?)$/,
    reason: 'WCF relays are not supported: docs/out-of-scope.md',
  },
]

const metadata = JSON.stringify([{ key: 'endpoint', value: 'db.local:1433' }])
const group = 'group-1'
const names = (list: Json): string[] => list.map(({ name }: { name: string }) => name)

describe('@azure/arm-relay 3.1.1', () => {
  let relay: TestRelay
  let application: AzureApplication
  let sdk: SdkClient

  before(async () => {
    relay = await startTestRelay({ resources: { namespaces: [] } })
    application = await AzureApplication.start(relay.relay)
    sdk = await application.open('relay', { subscriptionId: 'sub-1' })
    const resources = await application.open('resources', { subscriptionId: 'sub-1' })
    await resources.call('resourceGroups.createOrUpdate', [group, { location: 'westus2' }])
  })

  after(async () => {
    application[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('the operations of the provider are listed', async () => {
    const operations = await sdk.call('operations.list')
    assert.ok(names(operations).includes('Microsoft.Relay/namespaces/write'))
    assert.ok(operations.every(({ display }: Json) => display.provider !== undefined))
  })

  it('a namespace is made by a poller of the SDK, which asks until it is there', async () => {
    assert.deepEqual(await sdk.call('namespaces.checkNameAvailability', [{ name: 'contoso1' }]), {
      nameAvailable: true,
      reason: 'None',
      message: null,
    })
    const wanted = { location: 'westus2', tags: { a: 'b' }, sku: { name: 'Standard', tier: 'Standard' } }
    const made = await sdk.exchange('namespaces.beginCreateOrUpdate', [group, 'contoso1', wanted])
    assert.deepEqual(
      made.exchanges.map(({ method, status }) => [method, status]),
      [
        ['PUT', 200],
        ['GET', 200],
      ],
    )
    const { id, provisioningState, tags, sku, serviceBusEndpoint, metricId, createdAt } = made.value
    assert.equal(id, '/subscriptions/sub-1/resourceGroups/group-1/providers/Microsoft.Relay/namespaces/contoso1')
    assert.deepEqual([provisioningState, tags, sku], ['Succeeded', { a: 'b' }, { name: 'Standard', tier: 'Standard' }])
    assert.match(serviceBusEndpoint, /^https:\/\/contoso1\./)
    assert.equal(metricId, 'sub-1:contoso1')
    assert.ok(!Number.isNaN(Date.parse(createdAt)), 'the SDK reads the date')
    const taken = await sdk.call('namespaces.checkNameAvailability', [{ name: 'CONTOSO1' }])
    assert.deepEqual([taken.nameAvailable, taken.reason], [false, 'NameInUse'])
  })

  it('a namespace is made by one call that waits, and found in all lists', async () => {
    await sdk.call('namespaces.beginCreateOrUpdateAndWait', [group, 'contoso2', { location: 'westus2' }])
    assert.deepEqual(names(await sdk.call('namespaces.list')), ['contoso1', 'contoso2'])
    assert.deepEqual(names(await sdk.call('namespaces.listByResourceGroup', [group])), ['contoso1', 'contoso2'])
  })

  it('the tags of a namespace are changed without a poller', async () => {
    const changed = await sdk.call('namespaces.update', [group, 'contoso2', { tags: { x: 'y' } }])
    assert.deepEqual(changed.tags, { x: 'y' })
    assert.deepEqual((await sdk.call('namespaces.get', [group, 'contoso2'])).tags, { x: 'y' })
  })

  it('rules of a namespace are made, listed, read, given keys, and deleted', async () => {
    const rights = ['Listen', 'Send']
    const rule = [group, 'contoso1', 'both']
    const made = await sdk.call('namespaces.createOrUpdateAuthorizationRule', [...rule, { rights }])
    assert.deepEqual([made.name, made.rights], ['both', rights])
    const rules = await sdk.call('namespaces.listAuthorizationRules', [group, 'contoso1'])
    assert.deepEqual(names(rules), ['both', 'RootManageSharedAccessKey'])
    assert.deepEqual((await sdk.call('namespaces.getAuthorizationRule', rule)).rights, rights)
    const keys = await sdk.call('namespaces.listKeys', rule)
    assert.equal(keys.keyName, 'both')
    assert.equal(parseConnectionString(keys.primaryConnectionString).entityPath, undefined)
    const renewed = await sdk.call('namespaces.regenerateKeys', [...rule, { keyType: 'SecondaryKey' }])
    assert.equal(renewed.primaryKey, keys.primaryKey)
    assert.notEqual(renewed.secondaryKey, keys.secondaryKey)
    await sdk.call('namespaces.deleteAuthorizationRule', rule)
    const { exchanges } = await sdk.exchange('namespaces.deleteAuthorizationRule', rule)
    assert.equal(exchanges[0]?.status, 204)
  })

  it('a hybrid connection is made, read, changed and deleted, whatever its name', async () => {
    for (const name of ['hc1', 'a/b']) {
      const at = [group, 'contoso1', name]
      const wanted = { requiresClientAuthorization: true, userMetadata: metadata }
      const made = await sdk.call('hybridConnections.createOrUpdate', [...at, wanted])
      assert.deepEqual(
        [made.name, made.requiresClientAuthorization, made.userMetadata, made.listenerCount],
        [name, true, metadata, 0],
      )
      const read = await sdk.call('hybridConnections.get', at)
      assert.deepEqual(read, made)
      const changed = await sdk.call('hybridConnections.createOrUpdate', [
        ...at,
        { requiresClientAuthorization: false },
      ])
      assert.deepEqual([changed.requiresClientAuthorization, changed.userMetadata], [false, undefined])
      assert.equal(changed.createdAt, made.createdAt)
      assert.deepEqual(names(await sdk.call('hybridConnections.listByNamespace', [group, 'contoso1'])), [name])
      await sdk.call('hybridConnections.delete', at)
      assert.equal((await sdk.exchange('hybridConnections.delete', at)).exchanges[0]?.status, 204)
    }
  })

  it('rules of a hybrid connection are made, listed, read, given keys that work, and deleted', async () => {
    const entity = [group, 'contoso1', 'hc2']
    await sdk.call('hybridConnections.createOrUpdate', [...entity, {}])
    for (const [name, rights] of [
      ['defaultListener', ['Listen']],
      ['defaultSender', ['Send']],
    ] as const) {
      const rule = await sdk.call('hybridConnections.createOrUpdateAuthorizationRule', [...entity, name, { rights }])
      assert.deepEqual([rule.name, rule.rights], [name, rights])
    }
    const rules = await sdk.call('hybridConnections.listAuthorizationRules', entity)
    assert.deepEqual(names(rules), ['defaultListener', 'defaultSender'])
    const sender = [...entity, 'defaultSender']
    assert.deepEqual((await sdk.call('hybridConnections.getAuthorizationRule', sender)).rights, ['Send'])
    const keys = await sdk.call('hybridConnections.listKeys', sender)
    assert.equal(parseConnectionString(keys.primaryConnectionString).entityPath, 'hc2')
    const own = 'b3duIGtleSBvZiB0aGUgdGVzdCwgMzIgYnl0ZXMhIQ=='
    const renewed = await sdk.call('hybridConnections.regenerateKeys', [...sender, { keyType: 'PrimaryKey', key: own }])
    assert.equal(renewed.primaryKey, own)
    assert.equal((await sdk.call('hybridConnections.listKeys', sender)).primaryKey, own)
    await sdk.call('hybridConnections.deleteAuthorizationRule', sender)
    await assert.rejects(sdk.call('hybridConnections.getAuthorizationRule', sender), { status: 404 })
  })

  it('more hybrid connections than a page holds are listed by the SDK, page after page', async () => {
    const wanted = Array.from({ length: 210 }, (_, at) => `page-${String(at).padStart(3, '0')}`)
    const create = (name: string): Promise<Json> =>
      sdk.call('hybridConnections.createOrUpdate', [group, 'contoso2', name, {}])
    // More connections at once would only be so many handshakes.
    for (let at = 0; at < wanted.length; at += 10) await Promise.all(wanted.slice(at, at + 10).map(create))
    const { value, exchanges } = await sdk.exchange('hybridConnections.listByNamespace', [group, 'contoso2'])
    assert.deepEqual(names(value), wanted)
    assert.equal(exchanges.length, 3)
    assert.match(exchanges[2]?.url ?? '', /skipToken=/)
  })

  it('errors carry the status, and the code of the error in the answer', async () => {
    const cases: readonly [status: number, code: string, operation: string, args: readonly unknown[]][] = [
      [404, 'ResourceGroupNotFound', 'namespaces.beginCreateOrUpdate', ['nowhere', 'contoso9', { location: 'x' }]],
      [404, 'ResourceNotFound', 'namespaces.get', [group, 'contoso9']],
      [404, 'EntityNotFound', 'hybridConnections.get', [group, 'contoso1', 'absent']],
      [404, 'ParentResourceNotFound', 'hybridConnections.get', [group, 'contoso9', 'hc1']],
      [400, 'InvalidRequestContent', 'namespaces.beginCreateOrUpdate', [group, 'a--', { location: 'x' }]],
    ]
    for (const [status, code, operation, args] of cases) {
      await assert.rejects(sdk.call(operation, args), (error: ClientError) => {
        assert.deepEqual([error.status, error.reason, error.facts['name']], [status, code, 'RestError'], operation)
        const { error: body } = error.facts['details'] as { readonly error: { readonly message: string } }
        assert.match(body.message, /RequestId:/)
        return true
      })
    }
  })

  it('a write under a revision that was overtaken is refused, for callers that send If-Match', async () => {
    const at = [group, 'contoso1', 'hc3']
    const { exchanges } = await sdk.exchange('hybridConnections.createOrUpdate', [...at, {}])
    const etag = exchanges[0]?.headers['etag']
    assert.ok(etag)
    const under = (ifMatch: string): Promise<Json> =>
      sdk.call('hybridConnections.createOrUpdate', [...at, { userMetadata: metadata }], {
        requestOptions: { customHeaders: { 'If-Match': ifMatch } },
      })
    await under(etag)
    await assert.rejects(under(etag), { status: 412 })
  })

  it('the version that the newer SDKs name is answered in its shape', async () => {
    const newer = await application.open('relay', { subscriptionId: 'sub-1', options: { apiVersion: '2021-11-01' } })
    const { exchanges, value } = await newer.exchange('namespaces.get', [group, 'contoso1'])
    assert.match(exchanges[0]?.url ?? '', /api-version=2021-11-01/)
    assert.equal(value.provisioningState, 'Succeeded')
  })

  it('WCF relays are answered: there are none, and none can be made', async () => {
    const at = [group, 'contoso1', 'w1']
    assert.deepEqual(await sdk.call('wCFRelays.listByNamespace', [group, 'contoso1']), [])
    await assert.rejects(sdk.call('wCFRelays.get', at), { status: 404 })
    const wanted = { relayType: 'NetTcp', requiresClientAuthorization: true, requiresTransportSecurity: true }
    await assert.rejects(sdk.call('wCFRelays.createOrUpdate', [...at, wanted]), /not supported/)
    assert.equal((await sdk.exchange('wCFRelays.delete', at)).exchanges[0]?.status, 204)
  })

  it('a namespace is deleted by a poller of the SDK, and by one call that waits', async () => {
    const { exchanges } = await sdk.exchange('namespaces.beginDelete', [group, 'contoso1'])
    assert.deepEqual(
      exchanges.map(({ method, status }) => [method, status]),
      [
        ['DELETE', 202],
        ['GET', 200],
      ],
    )
    await sdk.call('namespaces.beginDeleteAndWait', [group, 'contoso2'])
    assert.deepEqual(await sdk.call('namespaces.list'), [])
    await sdk.call('namespaces.beginDeleteAndWait', [group, 'contoso2'])
  })

  it('no operation is left out', async () => {
    await application.assertEveryOperation('relay', exemptions)
  })
})
