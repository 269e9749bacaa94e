// App Service hybrid connections at the management door, as the documentation of the feature tells them.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startTestRelay } from '@postern/testkit'
import { type ManagementClient, signInOwner } from './management-client.ts'

const subscription = '/subscriptions/ebcidic-asci-anna-nath-rak1111111'
const namespace = `${subscription}/resourceGroups/myrelay-rg/providers/Microsoft.Relay/namespaces/demo-relay`
const web = `${subscription}/resourceGroups/myapp-rg/providers/Microsoft.Web`
const relay = `${namespace}/hybridConnections/relay-demo-hc`
const site = `${web}/sites/myhcdemoapp`
/** Braces that the text of the page has lost are back; the rest is the page's, byte for byte. */
const hctest = readFileSync(new URL('hctest.json', import.meta.url), 'utf8')

async function setUp(owner: ManagementClient): Promise<void> {
  const location = 'North Central US'
  for (const group of ['myrelay-rg', 'myapp-rg']) {
    await owner.done('PUT', `${subscription}/resourceGroups/${group}?api-version=2021-04-01`, { location })
  }
  await owner.done('PUT', `${namespace}?api-version=2017-04-01`, { location, sku: { name: 'Standard' } })
  const userMetadata = '[{"key":"endpoint","value":"my-wkstn.home:1433"}]'
  await owner.done('PUT', `${relay}?api-version=2017-04-01`, {
    properties: { requiresClientAuthorization: true, userMetadata },
  })
  const rule = `${relay}/authorizationRules/defaultSender`
  await owner.done('PUT', `${rule}?api-version=2017-04-01`, { properties: { rights: ['Send'] } })
  const { properties } = JSON.parse(hctest) as { properties: { sendKeyValue: string } }
  await owner.done('POST', `${rule}/regenerateKeys?api-version=2017-04-01`, {
    keyType: 'PrimaryKey',
    key: properties.sendKeyValue,
  })
  await owner.done('PUT', `${web}/serverfarms/plan?api-version=2016-09-01`, { location, sku: { name: 'B1' } })
  await owner.done('PUT', `${site}?api-version=2016-08-01`, {
    location,
    properties: { serverFarmId: `${web}/serverfarms/plan` },
  })
}

test("the page's hctest.json attaches the hybrid connection at the page's address", async () => {
  await using testRelay = await startTestRelay()
  const owner = await signInOwner(testRelay)
  await setUp(owner)
  const url = `${site}/hybridConnectionNamespaces/demo-relay/relays/relay-demo-hc?api-version=2016-08-01`
  const { status, json } = await owner.call('PUT', url, hctest)
  assert.equal(status, 200)
  assert.equal(json.name, 'relay-demo-hc')
  assert.deepEqual(
    [json.properties.hostname, json.properties.port, json.properties.sendKeyName, json.properties.sendKeyValue],
    ['my-wkstn.home', 1433, 'defaultSender', ''],
  )
  const [listed] = (await owner.done('GET', `${site}/hybridConnectionRelays?api-version=2016-08-01`)).value
  assert.deepEqual(listed, json)
})

test('what was used since the last minute is written when the relay stops', async () => {
  await using testRelay = await startTestRelay()
  const owner = await signInOwner(testRelay)
  const local = '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/postern'
  const url = `${local}/providers/Microsoft.Relay/namespaces/local/providers/Postern.Management/usage?api-version=2026-11-01`
  assert.equal((await owner.done('GET', url)).properties.connections, 0)
  const listeners = [await testRelay.listen('echo', { id: 'one' }), await testRelay.listen('echo', { id: 'ONE' })]
  const pending = testRelay.connect()
  const { address } = await Promise.race(listeners.map((listener) => listener.nextAccept()))
  const rendezvous = await listeners[0]!.rendezvous(address)
  const sender = await pending
  sender.text('0123456789')
  await rendezvous.frames.next()
  const { store } = testRelay.relay.server
  const written: unknown[] = []
  store.onChange((change) => {
    if (change.kind === 'put' && change.stored.document.kind === 'namespaceUsage') {
      written.push(change.stored.document.value.entities['echo'])
    }
  })
  await testRelay.relay.stop()
  const [usage] = written as { bytes: number; connections: number }[]
  assert.equal(usage?.connections, 1)
  assert.ok(usage.bytes >= 10, String(usage.bytes))
})
