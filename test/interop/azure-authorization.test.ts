// @azure/arm-authorization as npm delivers it, signed in by @azure/identity, against the management API of a relay.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureApplication, type Exemption, type Json, type SdkClient } from './azure-application.ts'
import type { ClientError } from './client-process.ts'

const exemptions: readonly Exemption[] = [
  { operation: /^classicAdministrators\./, reason: 'ended in Azure in 2024' },
  { operation: /^globalAdministrator\./, reason: 'the administrator of a relay is Owner of everything already' },
  { operation: /^denyAssignments\./, reason: 'roles allow, and nothing else does; there is nothing to deny' },
  { operation: /^providerOperationsMetadataOperations\./, reason: 'each provider lists its own operations' },
  {
    operation: /^(eligibleChildResources|role(Assignment|Eligibility)Schedule\w*|roleManagement\w*)\./,
    reason: 'Privileged Identity Management is no part of a relay',
  },
]

const readerRole = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
const subscription = '/subscriptions/sub-1'
const group = `${subscription}/resourceGroups/g1`
const namespace = `${group}/providers/Microsoft.Relay/namespaces/contoso1`
const names = (list: Json): string[] => list.map(({ name }: { name: string }) => name)

describe('@azure/arm-authorization 9.0.0', () => {
  let relay: TestRelay
  let application: AzureApplication
  let sdk: SdkClient
  let principalId: string

  before(async () => {
    relay = await startTestRelay({ resources: { namespaces: [] } })
    application = await AzureApplication.start(relay.relay)
    sdk = await application.open('authorization', { subscriptionId: 'sub-1' })
    const resources = await application.open('resources', { subscriptionId: 'sub-1' })
    await resources.call('resourceGroups.createOrUpdate', ['g1', { location: 'x' }])
    const namespaces = await application.open('relay', { subscriptionId: 'sub-1' })
    await namespaces.call('namespaces.beginCreateOrUpdateAndWait', ['g1', 'contoso1', { location: 'x' }])
    await namespaces.call('hybridConnections.createOrUpdate', ['g1', 'contoso1', 'hc1', {}])
    const { directory } = relay.relay.server.identity
    const principal = await directory.create({ kind: 'servicePrincipal', displayName: 'reader' })
    principalId = principal.id
    const { secret } = await directory.addSecret(principal.id, { displayName: 'secret' })
    await application.signInBySecret('reader', { clientId: principal.clientId, secret: secret.reveal() })
  })

  after(async () => {
    application[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('the built-in roles are found by name and by id', async () => {
    const roles = await sdk.call('roleDefinitions.list', [subscription])
    const roleNames: string[] = roles.map(({ roleName }: Json) => roleName)
    for (const wanted of ['Owner', 'Contributor', 'Reader', 'Azure Relay Owner', 'Azure Relay Sender']) {
      assert.ok(roleNames.includes(wanted), wanted)
    }
    const [reader] = await sdk.call('roleDefinitions.list', [subscription], { filter: "roleName eq 'Reader'" })
    assert.equal(reader.name, readerRole)
    assert.deepEqual(await sdk.call('roleDefinitions.getById', [reader.id]), reader)
    assert.deepEqual(await sdk.call('roleDefinitions.get', [subscription, readerRole]), reader)
    assert.deepEqual(reader.permissions[0].actions, ['*/read'])
  })

  it('a custom role is made, changed and deleted', async () => {
    const id = randomUUID()
    const wanted = {
      roleName: 'Key keeper',
      roleType: 'CustomRole',
      description: 'Renews keys',
      permissions: [{ actions: ['Microsoft.Relay/namespaces/authorizationRules/*/action'], notActions: [] }],
      assignableScopes: [group],
    }
    const made = await sdk.call('roleDefinitions.createOrUpdate', [group, id, wanted])
    assert.deepEqual([made.name, made.roleName, made.roleType], [id, 'Key keeper', 'CustomRole'])
    const changed = await sdk.call('roleDefinitions.createOrUpdate', [group, id, { ...wanted, description: 'x' }])
    assert.equal(changed.description, 'x')
    assert.equal((await sdk.call('roleDefinitions.delete', [group, id])).name, id)
    await assert.rejects(sdk.call('roleDefinitions.get', [group, id]), {
      status: 404,
      reason: 'RoleDefinitionDoesNotExist',
    })
  })

  it('a role is assigned at every kind of scope, found there, and taken away', async () => {
    for (const scope of [subscription, group, namespace, `${namespace}/hybridConnections/hc1`]) {
      const name = randomUUID()
      const wanted = {
        roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${readerRole}`,
        principalId,
        principalType: 'ServicePrincipal',
      }
      const made = await sdk.call('roleAssignments.create', [scope, name, wanted])
      assert.deepEqual([made.name, made.scope, made.principalId], [name, scope, principalId])
      assert.deepEqual(await sdk.call('roleAssignments.get', [scope, name]), made)
      assert.deepEqual(await sdk.call('roleAssignments.getById', [made.id]), made)
      const filter = `principalId eq '${principalId}'`
      assert.deepEqual(names(await sdk.call('roleAssignments.listForScope', [scope], { filter })), [name])
      assert.equal((await sdk.call('roleAssignments.delete', [scope, name])).name, name)
      await sdk.call('roleAssignments.createById', [made.id, wanted])
      await sdk.call('roleAssignments.deleteById', [made.id])
      assert.equal((await sdk.exchange('roleAssignments.delete', [scope, name])).exchanges[0]?.status, 204)
    }
  })

  it('assignments are listed for subscription, group and resource', async () => {
    const assign = async (scope: string): Promise<string> => {
      const name = randomUUID()
      const wanted = { roleDefinitionId: readerRole, principalId, principalType: 'ServicePrincipal' }
      await sdk.call('roleAssignments.create', [scope, name, wanted])
      return name
    }
    const filter = `principalId eq '${principalId}'`
    const given = await assign(namespace)
    assert.deepEqual(names(await sdk.call('roleAssignments.listForSubscription', [], { filter })), [given])
    assert.deepEqual(names(await sdk.call('roleAssignments.listForResourceGroup', ['g1'], { filter })), [given])
    const resource = ['g1', 'Microsoft.Relay', 'namespaces', 'contoso1']
    assert.deepEqual(names(await sdk.call('roleAssignments.listForResource', resource, { filter })), [given])
    const above = await sdk.call('roleAssignments.listForResourceGroup', ['g1'], { filter: 'atScope()' })
    assert.ok(!names(above).includes(given))
  })

  it('everybody is told what he may do', async () => {
    const mine = await application.open('authorization', { subscriptionId: 'sub-1', as: 'reader' })
    assert.deepEqual(await mine.call('permissions.listForResourceGroup', ['g1']), [])
    const [permission] = await mine.call('permissions.listForResource', [
      'g1',
      'Microsoft.Relay',
      '',
      'namespaces',
      'contoso1',
    ])
    assert.deepEqual(permission.actions, ['*/read'])
  })

  it('what a Reader may not do is refused with the action and the scope', async () => {
    const reader = await application.open('relay', { subscriptionId: 'sub-1', as: 'reader' })
    assert.deepEqual(names(await reader.call('namespaces.list')), ['contoso1'])
    assert.equal((await reader.call('hybridConnections.get', ['g1', 'contoso1', 'hc1'])).name, 'hc1')
    const root = ['g1', 'contoso1', 'RootManageSharedAccessKey']
    const refused: readonly [operation: string, args: readonly unknown[], action: string][] = [
      ['namespaces.listKeys', root, 'Microsoft.Relay/namespaces/authorizationRules/listKeys/action'],
      ['hybridConnections.delete', ['g1', 'contoso1', 'hc1'], 'Microsoft.Relay/namespaces/hybridConnections/delete'],
      ['namespaces.beginDeleteAndWait', ['g1', 'contoso1'], 'Microsoft.Relay/namespaces/delete'],
    ]
    for (const [operation, args, action] of refused) {
      await assert.rejects(reader.call(operation, args), (error: ClientError) => {
        assert.deepEqual([error.status, error.reason], [403, 'AuthorizationFailed'], operation)
        assert.ok(error.message.toLowerCase().includes(action.toLowerCase()), error.message)
        assert.ok(error.message.toLowerCase().includes(namespace.toLowerCase()), error.message)
        return true
      })
    }
  })

  it('no operation is left out', async () => {
    await application.assertEveryOperation('authorization', exemptions)
  })
})
