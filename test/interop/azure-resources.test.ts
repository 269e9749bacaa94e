// @azure/arm-resources as npm delivers it, signed in by @azure/identity, against the management API of a relay.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureApplication, type Exemption, type Json, type SdkClient } from './azure-application.ts'

const noSuchThing = 'Postern has the resources of its own providers, made by their own clients'
const exemptions: readonly Exemption[] = [
  { operation: /^resources\.(?!list)/, reason: noSuchThing },
  { operation: /^tagsOperations\./, reason: 'tags are changed by the resource that has them' },
  { operation: /^resourceGroups\..*[eE]xportTemplate/, reason: 'there are no templates' },
  { operation: /^providerResourceTypes\.|^operations\./, reason: noSuchThing },
  { operation: /^providers\..*(Scope|Permissions|unregister)/, reason: 'providers are always registered' },
]

const names = (list: Json): string[] => list.map(({ name }: { name: string }) => name)

describe('@azure/arm-resources 8.0.0', () => {
  let relay: TestRelay
  let application: AzureApplication
  let sdk: SdkClient

  before(async () => {
    relay = await startTestRelay({ resources: { namespaces: [] } })
    application = await AzureApplication.start(relay.relay)
    sdk = await application.open('resources', { subscriptionId: 'sub-1' })
  })

  after(async () => {
    application[Symbol.dispose]()
    await relay[Symbol.asyncDispose]()
  })

  it('a resource group is made, found, changed and deleted by pollers of the SDK', async () => {
    for (const group of ['g1', 'g2', 'g3']) {
      const made = await sdk.call('resourceGroups.createOrUpdate', [group, { location: 'x', tags: { a: 'b' } }])
      assert.deepEqual(
        [made.id, made.type, made.properties.provisioningState],
        [`/subscriptions/sub-1/resourceGroups/${group}`, 'Microsoft.Resources/resourceGroups', 'Succeeded'],
      )
    }
    assert.deepEqual(names(await sdk.call('resourceGroups.list')), ['g1', 'g2', 'g3'])
    assert.deepEqual((await sdk.call('resourceGroups.update', ['g1', { tags: { c: 'd' } }])).tags, { c: 'd' })
    assert.deepEqual((await sdk.call('resourceGroups.get', ['g1'])).tags, { c: 'd' })
    assert.deepEqual(await sdk.call('resourceGroups.checkExistence', ['g1']), { body: true })
    await sdk.call('resourceGroups.delete', ['g1'])
    await sdk.call('resourceGroups.beginDelete', ['g2'])
    await sdk.call('resourceGroups.beginDeleteAndWait', ['g3'])
    assert.deepEqual(await sdk.call('resourceGroups.checkExistence', ['g1']), { body: false })
    await assert.rejects(sdk.call('resourceGroups.get', ['g2']), { status: 404, reason: 'ResourceGroupNotFound' })
  })

  it('more groups than a page holds are listed by the SDK, page after page', async () => {
    const wanted = Array.from({ length: 110 }, (_, at) => `page-${String(at).padStart(3, '0')}`)
    for (const name of wanted) await sdk.call('resourceGroups.createOrUpdate', [name, { location: 'x' }])
    assert.deepEqual(names(await sdk.call('resourceGroups.list')), wanted)
  })

  it('what a group holds is listed', async () => {
    const namespaces = await application.open('relay', { subscriptionId: 'sub-1' })
    await namespaces.call('namespaces.beginCreateOrUpdateAndWait', ['page-001', 'contoso1', { location: 'x' }])
    const [listed, ...others] = await sdk.call('resources.listByResourceGroup', ['page-001'])
    assert.deepEqual([listed.name, listed.type, others], ['contoso1', 'Microsoft.Relay/namespaces', []])
    const filter = "resourceType eq 'Microsoft.Relay/namespaces'"
    assert.deepEqual(names(await sdk.call('resources.list', [], { filter })), ['contoso1'])
    assert.deepEqual(await sdk.call('resources.list', [], { filter: "resourceType eq 'Microsoft.Web/sites'" }), [])
  })

  it('the providers are registered, whoever asks for it', async () => {
    const providers = await sdk.call('providers.list')
    const namespaces = providers.map(({ namespace }: Json) => namespace)
    for (const wanted of ['Microsoft.Relay', 'Microsoft.Web', 'Microsoft.Authorization']) {
      assert.ok(namespaces.includes(wanted), wanted)
    }
    assert.equal((await sdk.call('providers.register', ['Microsoft.Relay'])).registrationState, 'Registered')
    assert.equal((await sdk.call('providers.get', ['Microsoft.Relay'])).registrationState, 'Registered')
    await assert.rejects(sdk.call('providers.get', ['Microsoft.Compute']), { status: 404 })
  })

  it('no operation is left out', async () => {
    await application.assertEveryOperation('resources', exemptions)
  })
})
