// @azure/arm-appservice as npm delivers it, in its newest version and in one of the generation before.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { AzureApplication, type AzureSdk, type Exemption, type Json, type SdkClient } from './azure-application.ts'
import type { ClientError } from './client-process.ts'

const noApps = 'a relay runs no apps: of plans and apps it knows what their hybrid connections depend on'
const inModel =
  '(?:begin)?(?:list|get|createOrUpdate|update|delete)(?:ByResourceGroup|Slots?|(?:Web)?Apps|HybridConnections?(?:Slot)?)?(?:AndWait)?$'
const exemptions: readonly Exemption[] = [
  { operation: /^(?!webApps\.|appServicePlans\.|checkNameAvailability$)/, reason: noApps },
  { operation: new RegExp(`^webApps\\.(?!${inModel}|\\w*RelayServiceConnection)`), reason: noApps },
  { operation: new RegExp(`^appServicePlans\\.(?!${inModel}|\\w*HybridConnection)`), reason: noApps },
]

/** How two generations of the generator write the same thing. */
interface Dialect {
  readonly sdk: AzureSdk
  readonly version: string
  readonly apiVersion: string
  /** Long-running operations, by what the resource is. */
  readonly create: (thing: '' | 'Slot') => readonly string[]
}

const dialects: readonly Dialect[] = [
  {
    sdk: 'appService',
    version: '19.0.0',
    apiVersion: '2025-05-01',
    create: (thing) => [`createOrUpdate${thing}`, `beginCreateOrUpdate${thing}`, `beginCreateOrUpdate${thing}AndWait`],
  },
  {
    sdk: 'appService15',
    version: '15.0.0',
    apiVersion: '2023-12-01',
    create: (thing) => [`beginCreateOrUpdate${thing}`, `beginCreateOrUpdate${thing}AndWait`],
  },
]

const group = 'g1'
const names = (list: Json): string[] => list.map(({ name }: { name: string }) => name)

for (const dialect of dialects) {
  describe(`@azure/arm-appservice ${dialect.version}`, () => {
    let relay: TestRelay
    let application: AzureApplication
    let sdk: SdkClient
    let relays: SdkClient

    before(async () => {
      relay = await startTestRelay({ resources: { namespaces: [] } })
      application = await AzureApplication.start(relay.relay)
      sdk = await application.open(dialect.sdk, { subscriptionId: 'sub-1' })
      relays = await application.open('relay', { subscriptionId: 'sub-1' })
      const resources = await application.open('resources', { subscriptionId: 'sub-1' })
      await resources.call('resourceGroups.createOrUpdate', [group, { location: 'westus2' }])
      await relays.call('namespaces.beginCreateOrUpdateAndWait', [group, 'contoso1', { location: 'westus2' }])
      for (const name of ['hc1', 'hc2']) {
        const userMetadata = JSON.stringify([{ key: 'endpoint', value: `${name}.local:1433` }])
        await relays.call('hybridConnections.createOrUpdate', [group, 'contoso1', name, { userMetadata }])
        for (const [rule, right] of [
          ['defaultListener', 'Listen'],
          ['defaultSender', 'Send'],
        ]) {
          const at = [group, 'contoso1', name, rule]
          await relays.call('hybridConnections.createOrUpdateAuthorizationRule', [...at, { rights: [right] }])
        }
      }
    })

    after(async () => {
      application[Symbol.dispose]()
      await relay[Symbol.asyncDispose]()
    })

    const attachment = async (name = 'hc1'): Promise<Json> => {
      const keys = await relays.call('hybridConnections.listKeys', [group, 'contoso1', name, 'defaultSender'])
      const { id } = await relays.call('hybridConnections.get', [group, 'contoso1', name])
      return {
        serviceBusNamespace: 'contoso1',
        serviceBusSuffix: '.servicebus.windows.net',
        relayName: name,
        relayArmUri: id,
        hostname: `${name}.local`,
        port: 1433,
        sendKeyName: 'defaultSender',
        sendKeyValue: keys.primaryKey,
      }
    }
    const assertAttached = (value: Json, name = 'hc1'): void => {
      const { hostname, port, relayName, serviceBusNamespace, sendKeyName, sendKeyValue } = value
      assert.deepEqual(
        { hostname, port, relayName, serviceBusNamespace, sendKeyName, sendKeyValue },
        {
          hostname: `${name}.local`,
          port: 1433,
          relayName: name,
          serviceBusNamespace: 'contoso1',
          sendKeyName: 'defaultSender',
          sendKeyValue: '',
        },
      )
      assert.equal(value.name, name)
    }

    it('plans are made by pollers of the SDK, listed, read, changed and deleted', async () => {
      for (const [at, create] of dialect.create('').entries()) {
        const wanted = { location: 'westus2', sku: { name: 'S1', tier: 'Standard', capacity: 1 } }
        const { value, exchanges } = await sdk.exchange(`appServicePlans.${create}`, [group, `plan${at}`, wanted])
        assert.deepEqual([value.name, value.sku.name, value.sku.tier], [`plan${at}`, 'S1', 'Standard'])
        assert.match(exchanges[0]?.url ?? '', new RegExp(`api-version=${dialect.apiVersion}`))
      }
      const last = `plan${dialect.create('').length - 1}`
      assert.ok(names(await sdk.call('appServicePlans.list')).includes(last))
      assert.ok(names(await sdk.call('appServicePlans.listByResourceGroup', [group])).includes(last))
      assert.equal((await sdk.call('appServicePlans.get', [group, last])).status ?? 'Ready', 'Ready')
      const changed = await sdk.call('appServicePlans.update', [group, last, { perSiteScaling: false }])
      assert.equal(changed.name, last)
      await sdk.call('appServicePlans.delete', [group, last])
      await assert.rejects(sdk.call('appServicePlans.get', [group, last]), { status: 404 })
    })

    it('apps and slots are made by pollers of the SDK, listed, read, changed and deleted', async () => {
      const available = await sdk.call('checkNameAvailability', ['app0', 'Microsoft.Web/sites'])
      assert.equal(available.nameAvailable, true)
      const { id } = await sdk.call('appServicePlans.get', [group, 'plan0'])
      const wanted = { location: 'westus2', serverFarmId: id }
      for (const [at, create] of dialect.create('').entries()) {
        const made = await sdk.call(`webApps.${create}`, [group, `app${at}`, wanted])
        assert.deepEqual([made.name, made.serverFarmId, made.state], [`app${at}`, id, 'Running'])
      }
      for (const [at, create] of dialect.create('Slot').entries()) {
        const made = await sdk.call(`webApps.${create}`, [group, 'app0', `slot${at}`, wanted])
        assert.equal(made.name, `app0/slot${at}`)
      }
      const last = dialect.create('').length - 1
      assert.ok(names(await sdk.call('webApps.list')).includes(`app${last}`))
      assert.ok(names(await sdk.call('webApps.listByResourceGroup', [group])).includes(`app${last}`))
      assert.ok(names(await sdk.call('appServicePlans.listWebApps', [group, 'plan0'])).includes(`app${last}`))
      assert.ok(names(await sdk.call('webApps.listSlots', [group, 'app0'])).includes(`app0/slot${last}`))
      assert.equal((await sdk.call('webApps.get', [group, 'app0'])).type, 'Microsoft.Web/sites')
      assert.equal((await sdk.call('webApps.getSlot', [group, 'app0', 'slot0'])).type, 'Microsoft.Web/sites/slots')
      const identity = { type: 'SystemAssigned' }
      const changed = await sdk.call('webApps.update', [group, 'app0', { identity }])
      assert.match(changed.identity.principalId, /^[\da-f-]{36}$/)
      const ofSlot = await sdk.call('webApps.updateSlot', [group, 'app0', 'slot0', { identity }])
      assert.equal(ofSlot.identity.type, 'SystemAssigned')
      await sdk.call('webApps.deleteSlot', [group, 'app0', `slot${last}`])
      await sdk.call('webApps.delete', [group, `app${last}`])
      await assert.rejects(sdk.call('webApps.get', [group, `app${last}`]), { status: 404 })
    })

    it('a hybrid connection is attached to an app, read, changed, listed and detached', async () => {
      const at = [group, 'app0', 'contoso1', 'hc1']
      const wanted = await attachment()
      assertAttached(await sdk.call('webApps.createOrUpdateHybridConnection', [...at, wanted]))
      assertAttached(await sdk.call('webApps.getHybridConnection', at))
      assertAttached(await sdk.call('webApps.updateHybridConnection', [...at, wanted]))
      const { exchanges } = await sdk.exchange('webApps.listHybridConnections', [group, 'app0'])
      const { value, ...others } = exchanges[0]?.body ?? {}
      assert.deepEqual(others, { nextLink: null, id: null })
      assert.deepEqual(names(value), ['hc1'])
      await sdk.call('webApps.deleteHybridConnection', at)
      await assert.rejects(sdk.call('webApps.getHybridConnection', at), { status: 404 })
    })

    it('a hybrid connection is attached to a slot, read, changed, listed and detached', async () => {
      const at = [group, 'app0', 'contoso1', 'hc2', 'slot0']
      const wanted = await attachment('hc2')
      assertAttached(await sdk.call('webApps.createOrUpdateHybridConnectionSlot', [...at, wanted]), 'hc2')
      assertAttached(await sdk.call('webApps.getHybridConnectionSlot', at), 'hc2')
      assertAttached(await sdk.call('webApps.updateHybridConnectionSlot', [...at, wanted]), 'hc2')
      const { exchanges } = await sdk.exchange('webApps.listHybridConnectionsSlot', [group, 'app0', 'slot0'])
      assert.deepEqual(names(exchanges[0]?.body.value), ['hc2'])
      await sdk.call('webApps.deleteHybridConnectionSlot', at)
      await assert.rejects(sdk.call('webApps.getHybridConnectionSlot', at), { status: 404 })
    })

    it('a plan tells its hybrid connections, their apps, their keys and how many it may have', async () => {
      const wanted = await attachment()
      await sdk.call('webApps.createOrUpdateHybridConnection', [group, 'app0', 'contoso1', 'hc1', wanted])
      const at = [group, 'plan0', 'contoso1', 'hc1']
      assert.deepEqual(names(await sdk.call('appServicePlans.listHybridConnections', [group, 'plan0'])), ['hc1'])
      assertAttached(await sdk.call('appServicePlans.getHybridConnection', at))
      const limit = await sdk.call('appServicePlans.getHybridConnectionPlanLimit', [group, 'plan0'])
      assert.deepEqual([limit.current, limit.maximum], [1, 25])
      const [app, ...others] = await sdk.call('appServicePlans.listWebAppsByHybridConnection', at)
      assert.deepEqual([JSON.parse(app).name, others], ['app0', []])
      const keys = await sdk.call('appServicePlans.listHybridConnectionKeys', at)
      assert.equal(keys.sendKeyName, 'defaultSender')
      assert.equal(keys.sendKeyValue, wanted.sendKeyValue)
      await sdk.call('appServicePlans.deleteHybridConnection', at)
      assert.deepEqual(await sdk.call('appServicePlans.listHybridConnections', [group, 'plan0']), [])
    })

    it('BizTalk hybrid connections are answered: there are none', async () => {
      for (const [slot, more] of [
        ['', []],
        ['Slot', ['slot0']],
      ] as const) {
        const at = [group, 'app0', 'old', ...more]
        const { exchanges } = await sdk.exchange(`webApps.listRelayServiceConnections${slot}`, [group, 'app0', ...more])
        assert.deepEqual(exchanges[0]?.body.value, [])
        for (const operation of ['get', 'delete'] as const) {
          await assert.rejects(sdk.call(`webApps.${operation}RelayServiceConnection${slot}`, at), { status: 404 })
        }
        for (const operation of ['createOrUpdate', 'update'] as const) {
          const refused = sdk.call(`webApps.${operation}RelayServiceConnection${slot}`, [...at, {}])
          await assert.rejects(refused, /BizTalk/)
        }
      }
    })

    it('errors carry the status, and the code of the error in the answer', async () => {
      const wanted = await attachment()
      const at = (app: string, name: string): readonly unknown[] => [group, app, 'contoso1', name, wanted]
      const cases: readonly [status: number, args: readonly unknown[]][] = [
        [404, at('nowhere', 'hc1')],
        [404, [group, 'app0', 'contoso1', 'absent', { sendKeyName: 'defaultSender', sendKeyValue: 'AAA=' }]],
        [400, [group, 'app0', 'contoso1', 'hc1', { ...wanted, relayName: 'hc2' }]],
      ]
      for (const [status, args] of cases) {
        await assert.rejects(sdk.call('webApps.createOrUpdateHybridConnection', args), (error: ClientError) => {
          assert.equal(error.facts['name'], 'RestError')
          assert.equal(error.status, status, error.message)
          assert.ok(error.reason, 'a code')
          return true
        })
      }
    })

    it('no operation is left out', async () => {
      await application.assertEveryOperation(dialect.sdk, exemptions)
    })
  })
}
