// App Service hybrid connections at the management door, as the documentation of the feature tells them.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { signToken, startTestRelay } from '@postern/testkit'
import { send } from './http-client.ts'
import { type ManagementClient, managementClient, managementToken, signInOwner } from './management-client.ts'
import { assignRole, signInPrincipal } from './sign-in-principal.ts'

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

test('two apps of a plan share one; the plan says who, a Reader is refused, keys rotate under a sender, both detach', async () => {
  await using testRelay = await startTestRelay()
  const owner = await signInOwner(testRelay)
  await setUp(owner)
  const [version, ofRelay] = ['?api-version=2025-05-01', '?api-version=2021-11-01']
  const attachment = '/hybridConnectionNamespaces/demo-relay/relays/relay-demo-hc'
  const plan = `${web}/serverfarms/plan`
  const other = `${web}/sites/other`
  const farAway = { location: 'westeurope', properties: { serverFarmId: plan } }
  const third = `${web}/sites/third`
  for (const app of [other, third]) await owner.done('PUT', `${app}${version}`, farAway)
  for (const app of [site, other]) await owner.done('PUT', `${app}${attachment}${version}`, { properties: {} })
  const users = (await owner.done('GET', `${plan}${attachment}/sites${version}`)).value as readonly string[]
  assert.deepEqual(
    users.map((text) => (JSON.parse(text) as { id: string }).id),
    [site, other],
  )
  const limit = async (): Promise<unknown> =>
    (await owner.done('GET', `${plan}/hybridConnectionPlanLimits/limit${version}`)).properties
  assert.deepEqual(await limit(), { current: 1, maximum: 5 })
  const warningAt = async (app: string): Promise<unknown> =>
    (await owner.done('GET', `${app}${attachment}${version}`)).properties.warning
  assert.equal(await warningAt(site), undefined)
  assert.match(String(await warningAt(other)), /app is in westeurope, the namespace in North Central US/)

  const principal = await signInPrincipal(testRelay, 'reader')
  await assignRole(testRelay, { principalId: principal.id, role: 'reader', scope: namespace })
  await assignRole(testRelay, { principalId: principal.id, role: 'owner', scope: third })
  const reader = managementClient(testRelay, await managementToken(testRelay, principal))
  assert.equal((await reader.call('GET', `${relay}${ofRelay}`)).status, 200)
  assert.equal((await reader.call('PUT', `${third}${attachment}${version}`, { properties: {} })).status, 403)

  const sendKey = async (app: string): Promise<string> =>
    (await owner.done('POST', `${app}${attachment}/listKeys${version}`)).properties.sendKeyValue
  const statusWith = async (key: string): Promise<number> => {
    const connection = `Endpoint=sb://demo-relay.localhost/;SharedAccessKeyName=defaultSender;SharedAccessKey=${key};EntityPath=relay-demo-hc`
    const headers = { ServiceBusAuthorization: signToken(connection), Host: 'demo-relay.localhost' }
    return (await send(testRelay, '/relay-demo-hc', { headers })).status
  }
  const before = await sendKey(site)
  assert.equal(await statusWith(before), 502, 'let in, and nobody listens')
  await owner.done('POST', `${relay}/authorizationRules/defaultSender/regenerateKeys${ofRelay}`, {
    keyType: 'PrimaryKey',
  })
  const after = await sendKey(other)
  assert.deepEqual([await sendKey(site), after === before], [after, false])
  assert.deepEqual([await statusWith(before), await statusWith(after)], [401, 502])

  for (const [app, current] of [
    [site, 1],
    [other, 0],
  ] as const) {
    await owner.done('DELETE', `${app}${attachment}${version}`)
    assert.deepEqual(await limit(), { current, maximum: 5 })
  }
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
