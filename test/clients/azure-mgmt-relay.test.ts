// azure-mgmt-relay and azure-identity for Python, as PyPI delivers them, against the management API of a relay.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parseConnectionString } from '@postern/protocol'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { signInOwner } from '../conformance/management-client.ts'
import type { Json } from './azure-cli.ts'
import { openPythonEnvironment, type PythonEnvironment } from './python-environment.ts'
import { RelaySdk } from './relay-sdk.ts'

const environment = await openPythonEnvironment()
const skip = typeof environment === 'string' ? environment : false
const group = 'g1'
const names = (list: Json): string[] => list.map(({ name }: Json) => name)

for (const apiVersion of ['2026-01-01', '2021-11-01'] as const) {
  describe(`azure-mgmt-relay 2.1.0, version ${apiVersion}`, { skip }, () => {
    let relay: TestRelay
    let sdk: RelaySdk

    before(async () => {
      relay = await startTestRelay({ resources: { namespaces: [] } })
      sdk = await RelaySdk.start(environment as PythonEnvironment, relay.relay, { apiVersion })
      const owner = await signInOwner(relay)
      await owner.done('PUT', `/subscriptions/sub-1/resourceGroups/${group}?api-version=2021-04-01`, { location: 'x' })
    })

    after(async () => {
      sdk[Symbol.dispose]()
      await relay[Symbol.asyncDispose]()
    })

    it('the operations of the provider are listed', async () => {
      assert.ok(names(await sdk.call('operations.list')).includes('Microsoft.Relay/namespaces/write'))
    })

    it('a namespace is made by a poller of the SDK, listed, read and changed', async () => {
      const available = await sdk.call('namespaces.check_name_availability', [{ name: 'contoso1' }])
      assert.equal(available.nameAvailable, true)
      const wanted = { location: 'westus2', tags: { a: 'b' }, sku: { name: 'Standard', tier: 'Standard' } }
      const made = await sdk.call('namespaces.begin_create_or_update', [group, 'contoso1', wanted])
      assert.deepEqual(
        [made.name, made.properties.provisioningState, made.properties.publicNetworkAccess, made.tags],
        ['contoso1', 'Succeeded', 'Enabled', { a: 'b' }],
      )
      assert.ok(made.systemData.createdAt)
      assert.deepEqual(names(await sdk.call('namespaces.list')), ['contoso1'])
      assert.deepEqual(names(await sdk.call('namespaces.list_by_resource_group', [group])), ['contoso1'])
      const changed = await sdk.call('namespaces.update', [group, 'contoso1', { tags: { c: 'd' } }])
      assert.deepEqual(changed.tags, { c: 'd' })
      assert.deepEqual((await sdk.call('namespaces.get', [group, 'contoso1'])).tags, { c: 'd' })
    })

    it('network rules are read and written', async () => {
      const rules = {
        properties: {
          defaultAction: 'Deny',
          publicNetworkAccess: 'Enabled',
          ipRules: [{ ipMask: '127.0.0.0/8', action: 'Allow' }],
        },
      }
      const at = [group, 'contoso1']
      const written = await sdk.call('namespaces.create_or_update_network_rule_set', [...at, rules])
      assert.deepEqual(written.properties.ipRules, rules.properties.ipRules)
      const read = await sdk.call('namespaces.get_network_rule_set', at)
      assert.deepEqual([read.name, read.properties.defaultAction], ['default', 'Deny'])
    })

    it('private endpoint connections are made, listed, read, changed and deleted', async () => {
      const at = [group, 'contoso1', 'office']
      const wanted = (status: string): Json => ({
        properties: {
          privateEndpoint: { id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateEndpoints/pe' },
          privateLinkServiceConnectionState: { status, description: 'by hand' },
        },
      })
      const made = await sdk.call('private_endpoint_connections.create_or_update', [...at, wanted('Pending')])
      assert.equal(made.properties.privateLinkServiceConnectionState.status, 'Pending')
      await sdk.call('private_endpoint_connections.create_or_update', [...at, wanted('Approved')])
      const read = await sdk.call('private_endpoint_connections.get', at)
      assert.equal(read.properties.privateLinkServiceConnectionState.status, 'Approved')
      assert.deepEqual(names(await sdk.call('private_endpoint_connections.list', at.slice(0, 2))), ['office'])
      await sdk.call('private_endpoint_connections.begin_delete', at)
      assert.deepEqual(await sdk.call('private_endpoint_connections.list', at.slice(0, 2)), [])
      const [resource] = (await sdk.call('private_link_resources.list', at.slice(0, 2))).value
      assert.equal(resource.properties.groupId, 'namespace')
      assert.deepEqual(await sdk.call('private_link_resources.get', [group, 'contoso1', 'namespace']), resource)
    })

    it('rules of a namespace are made, listed, read, given keys, and deleted', async () => {
      const rule = [group, 'contoso1', 'both']
      const rights = { properties: { rights: ['Listen', 'Send'] } }
      const made = await sdk.call('namespaces.create_or_update_authorization_rule', [...rule, rights])
      assert.deepEqual(made.properties.rights, ['Listen', 'Send'])
      const rules = await sdk.call('namespaces.list_authorization_rules', rule.slice(0, 2))
      assert.deepEqual(names(rules), ['both', 'RootManageSharedAccessKey'])
      assert.equal((await sdk.call('namespaces.get_authorization_rule', rule)).name, 'both')
      const keys = await sdk.call('namespaces.list_keys', rule)
      const renewed = await sdk.call('namespaces.regenerate_keys', [...rule, { keyType: 'PrimaryKey' }])
      assert.notEqual(renewed.primaryKey, keys.primaryKey)
      assert.equal(renewed.secondaryKey, keys.secondaryKey)
      await sdk.call('namespaces.delete_authorization_rule', rule)
      await sdk.call('namespaces.delete_authorization_rule', rule)
    })

    it('hybrid connections with rules are made, listed, read, given keys, and deleted', async () => {
      for (const name of ['hc1', 'a/b']) {
        const entity = [group, 'contoso1', name]
        const made = await sdk.call('hybrid_connections.create_or_update', [...entity, { properties: {} }])
        assert.deepEqual([made.name, made.properties.requiresClientAuthorization], [name, true])
        assert.equal((await sdk.call('hybrid_connections.get', entity)).name, name)
        assert.deepEqual(names(await sdk.call('hybrid_connections.list_by_namespace', entity.slice(0, 2))), [name])
        const rule = [...entity, 'defaultSender']
        const rights = { properties: { rights: ['Send'] } }
        await sdk.call('hybrid_connections.create_or_update_authorization_rule', [...rule, rights])
        const rules = await sdk.call('hybrid_connections.list_authorization_rules', entity)
        assert.deepEqual(names(rules), ['defaultSender'])
        const read = await sdk.call('hybrid_connections.get_authorization_rule', rule)
        assert.deepEqual(read.properties.rights, ['Send'])
        const { primaryConnectionString } = await sdk.call('hybrid_connections.list_keys', rule)
        assert.equal(parseConnectionString(primaryConnectionString).entityPath, name)
        await sdk.call('hybrid_connections.regenerate_keys', [...rule, { keyType: 'SecondaryKey' }])
        await sdk.call('hybrid_connections.delete_authorization_rule', rule)
        await sdk.call('hybrid_connections.delete', entity)
      }
    })

    it('errors are of the types that the SDK has for them', async () => {
      const errorOf = (operation: string, args: readonly unknown[]): Promise<unknown> =>
        sdk.call(operation, args).catch(({ type, status, code }: Json) => ({ type, status, code }))
      assert.deepEqual(await errorOf('namespaces.get', [group, 'contoso9']), {
        type: 'ResourceNotFoundError',
        status: 404,
        code: 'ResourceNotFound',
      })
      assert.deepEqual(await errorOf('hybrid_connections.get', [group, 'contoso1', 'hc9']), {
        type: 'ResourceNotFoundError',
        status: 404,
        code: 'EntityNotFound',
      })
      assert.deepEqual(await errorOf('namespaces.begin_create_or_update', [group, '1', { location: 'x' }]), {
        type: 'HttpResponseError',
        status: 400,
        code: 'InvalidRequestContent',
      })
      assert.deepEqual(await errorOf('wcf_relays.get', [group, 'contoso1', 'w1']), {
        type: 'ResourceNotFoundError',
        status: 404,
        code: 'EntityNotFound',
      })
      assert.deepEqual(await sdk.call('wcf_relays.list_by_namespace', [group, 'contoso1']), [])
    })

    it('a namespace is deleted by a poller of the SDK', async () => {
      await sdk.call('namespaces.begin_delete', [group, 'contoso1'])
      assert.deepEqual(await sdk.call('namespaces.list'), [])
    })

    it('no operation is left out but those of WCF relays', async () => {
      await sdk.assertEveryOperation({ leftOut: 'wcf_relays.' })
    })
  })
}
