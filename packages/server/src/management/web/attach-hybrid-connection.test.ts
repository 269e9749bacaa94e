import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  attach,
  openWebBed as openBed,
  planUrl,
  putNamespace,
  putRelay,
  relayNamespace,
  relayPath,
  ruleWith,
  siteUrl,
  web,
  webVersion,
} from './web.contract.ts'

const listKeys = 'Microsoft.Relay/namespaces/hybridConnections/authorizationRules/listKeys/action'

test('an attached hybrid connection is answered as Azure answers it, and never with its key', async () => {
  await using bed = await openBed({ relays: ['a/B'] })
  await bed.call('PUT', siteUrl('shop', '/slots/Staging'), { body: { location: 'westus2' } })
  const relayArmUri = `${relayNamespace.toUpperCase()}/hybridconnections/a/b`
  for (const [slot, type] of [
    ['', 'sites'],
    ['/slots/Staging', 'sites/slots'],
  ]) {
    const url = siteUrl('shop', `${slot}${relayPath('A/b')}`)
    const put = await bed.call('PUT', url, {
      body: {
        properties: {
          ServiceBusNamespace: 'contoso',
          relayName: 'a/b',
          relayArmUri,
          hostName: 'DB.corp',
          port: 1433,
          sendKeyName: 'defaultSender',
          sendKeyValue: 'send-1',
          serviceBusSuffix: '.servicebus.windows.net',
        },
      },
    })
    assert.equal(put.status, 200)
    assert.deepEqual(put.json, {
      id: `${web}/sites/shop${slot}/hybridConnectionNamespaces/contoso/relays/a/B`,
      name: 'a/B',
      type: `Microsoft.Web/${type}/hybridConnectionNamespaces/relays`,
      location: 'westus2',
      properties: {
        serviceBusNamespace: 'contoso',
        serviceBusSuffix: '.relay.test',
        relayName: 'a/B',
        relayArmUri,
        hostname: 'db.corp',
        port: 1433,
        sendKeyName: 'defaultSender',
        sendKeyValue: '',
        status: 'NotConnected',
        target: 'Unknown',
        listenerCount: 0,
        hcmCount: 0,
      },
    })
    assert.deepEqual((await bed.call('GET', url)).json, put.json)
    assert.deepEqual((await bed.call('GET', siteUrl('shop', `${slot}/hybridConnectionRelays`))).json, {
      value: [put.json],
      nextLink: null,
      id: null,
    })
    // What was read is sent back: the empty key means the one that stands.
    assert.deepEqual((await bed.call('PUT', url, { body: put.json })).json, put.json)
    assert.equal((await bed.call('DELETE', url)).status, 200)
    assert.equal((await bed.call('DELETE', url)).status, 404)
    assert.equal((await bed.call('PATCH', url, { body: { properties: {} } })).status, 404)
    assert.equal((await bed.call('GET', url)).status, 404)
  }
})

test('the path alone is enough, and a body that means another hybrid connection is refused', async () => {
  await using bed = await openBed({ relays: ['db', 'other'] })
  const refuse = async (properties: Readonly<Record<string, unknown>>): Promise<void> => {
    const { status, json } = await attach(bed, 'shop', 'db', { properties })
    assert.equal(status, 400, JSON.stringify(properties))
    assert.match(json.error.message, /names '.*' that is meant|must be the id/)
  }
  await refuse({ serviceBusNamespace: 'fabrikam' })
  await refuse({ relayName: 'other' })
  await refuse({ relayArmUri: `${relayNamespace}/hybridConnections/other` })
  await refuse({ relayArmUri: `${relayNamespace.replace('contoso', 'other')}/hybridConnections/db` })
  await refuse({ relayArmUri: `${relayNamespace.replace('/s/', '/t/')}/hybridConnections/db` })
  await refuse({ relayArmUri: `${relayNamespace.replace('/g/', '/h/')}/hybridConnections/db` })
  await refuse({ relayArmUri: `${relayNamespace}/wcfRelays/db` })
  await refuse({ relayArmUri: 'db' })
  const attached = await attach(bed, 'shop', 'db', { properties: { port: 0 } })
  assert.equal(attached.json.properties.relayArmUri, `${relayNamespace}/hybridConnections/db`)
  assert.equal(attached.json.properties.port, 1433)
  const asText = await attach(bed, 'shop', 'db', { properties: { port: '1433' } })
  assert.equal(asText.json.properties.port, 1433, 'as az 2.91 sends it')
})

test('a Reader of the relay is told what he lacks; a key in the body, or the right to list it, is enough', async () => {
  await using bed = await openBed()
  const site = `${web}/sites/shop`
  for (const caller of ['stranger', 'reader', 'contributor', 'sender', 'custom']) {
    await bed.assign(caller, 'Contributor', site)
  }
  await bed.assign('reader', 'Reader', relayNamespace)
  await bed.assign('contributor', 'Contributor', `${relayNamespace}/hybridConnections/db`)
  await bed.assign('sender', 'Azure Relay Sender', relayNamespace)
  const now = new Date()
  const permission = { actions: [listKeys], notActions: [], dataActions: [], notDataActions: [] }
  const role = { id: 'r', roleName: 'Keys', description: '', permissions: [permission], assignableScopes: ['/'] }
  await bed.store.put({ kind: 'roleDefinition', value: { ...role, createdAt: now, updatedAt: now } })
  await bed.assign('custom', 'r', relayNamespace)
  await bed.assign('custom', 'Reader', relayNamespace)
  for (const caller of ['reader', 'sender']) {
    const refused = await attach(bed, 'shop', 'db', { as: caller })
    assert.equal(refused.status, 403)
    assert.equal(refused.json.error.code, 'AuthorizationFailed')
    assert.ok(refused.json.error.message.includes(`takes the action '${listKeys}'`), refused.json.error.message)
  }
  const wrong = await attach(bed, 'shop', 'db', { as: 'reader', properties: { sendKeyValue: 'guess' } })
  assert.equal(wrong.status, 403)
  // Who sees nothing of the relay cannot tell what is there from what is not.
  for (const properties of [{}, { sendKeyValue: 'guess' }, { sendKeyName: 'none', sendKeyValue: 'send-1' }]) {
    const there = await attach(bed, 'shop', 'db', { as: 'stranger', properties })
    const notThere = await attach(bed, 'shop', 'xy', { as: 'stranger', properties })
    assert.equal(there.status, 404)
    assert.equal(there.json.error.message, notThere.json.error.message.replaceAll('xy', 'db'))
  }
  const allowed = [
    { as: 'stranger', properties: { sendKeyName: 'defaultSender', sendKeyValue: 'send-2' } },
    { as: 'reader', properties: { sendKeyValue: 'send-1' } },
    { as: 'contributor', properties: {} },
    { as: 'custom', properties: {} },
  ]
  for (const options of allowed) {
    assert.equal((await attach(bed, 'shop', 'db', options)).status, 200, options.as)
    assert.equal((await bed.call('DELETE', siteUrl('shop', relayPath('db')), { as: options.as })).status, 200)
  }
  await bed.assign('looker', 'Reader', '/')
  const looker = await attach(bed, 'shop', 'db', { as: 'looker', properties: { sendKeyValue: 'send-1' } })
  assert.match(looker.json.error.message, /sites\/hybridConnectionNamespaces\/relays\/write/)
})

test("the namespace's rules give their keys only to those who may list them, also under a name that the entity had", async () => {
  await using bed = await openBed()
  await bed.assign('builder', 'Contributor', `${web}/sites/shop`)
  await bed.assign('builder', 'Contributor', `${relayNamespace}/hybridConnections/db`)
  const root = { sendKeyName: 'root' }
  const refused = await attach(bed, 'shop', 'db', { as: 'builder', properties: root })
  assert.match(refused.json.error.message, /'Microsoft.Relay\/namespaces\/authorizationRules\/listKeys\/action'/)
  // A rule of the entity with the same name, attached and deleted, does not lead to the namespace's either.
  await putRelay(bed.store, 'db', { rules: [ruleWith('ROOT', ['Send'], ['x', 'y'])] })
  assert.equal((await attach(bed, 'shop', 'db', { as: 'builder', properties: root })).status, 200)
  await putRelay(bed.store, 'db', { rules: [], createdAt: new Date(0) })
  const url = siteUrl('shop', `${relayPath('db')}/listKeys`)
  assert.equal((await bed.call('POST', url, { as: 'owner' })).status, 404)
  assert.equal((await attach(bed, 'shop', 'db', { as: 'builder', properties: root })).status, 403)
  const warning = (await bed.call('GET', siteUrl('shop', relayPath('db')))).json.properties.warning
  assert.match(warning, /The rule ROOT is gone/)
  assert.equal((await attach(bed, 'shop', 'db', { properties: { ...root, sendKeyValue: 'root-2' } })).status, 200)
  assert.equal((await bed.call('POST', url)).json.properties.sendKeyValue, 'root-2')
})

test('a rule must be there and have the right Send', async () => {
  await using bed = await openBed()
  const refuse = async (properties: Readonly<Record<string, unknown>>, expected: RegExp): Promise<void> => {
    const { status, json } = await attach(bed, 'shop', 'db', { properties })
    assert.deepEqual([status, expected.test(json.error.message)], [400, true], json.error.message)
  }
  await refuse({ sendKeyName: 'none' }, /has no rule 'none': create one/)
  await refuse({ sendKeyName: 'defaultListener' }, /no right Send/)
  await refuse({ sendKeyName: 'defaultListener', sendKeyValue: 'listen-1' }, /no right Send/)
})

test('the key that an app uses follows its regeneration, and changes by PATCH', async () => {
  await using bed = await openBed()
  await attach(bed, 'shop', 'db')
  const url = siteUrl('shop', relayPath('db'))
  const key = async (): Promise<unknown> =>
    (await bed.call('POST', siteUrl('shop', `${relayPath('db')}/listKeys`))).json.properties
  assert.deepEqual(await key(), { sendKeyName: 'defaultSender', sendKeyValue: 'send-1' })
  const createdAt = new Date(0)
  await putRelay(bed.store, 'db', { rules: [ruleWith('defaultSender', ['Send'], ['new-1', 'new-2'])], createdAt })
  assert.deepEqual(await key(), { sendKeyName: 'defaultSender', sendKeyValue: 'new-1' })
  const patched = await bed.call('PATCH', url, { body: { properties: { sendKeyValue: 'new-2' } } })
  assert.equal(patched.status, 200)
  assert.deepEqual(await key(), { sendKeyName: 'defaultSender', sendKeyValue: 'new-2' })
  assert.equal((await bed.call('PATCH', url, { body: { properties: { sendKeyValue: 'send-1' } } })).status, 403)
  assert.ok(!JSON.stringify(await bed.store.list()).includes('new-2'), 'the value is not stored')
})

test('a hybrid connection without client authorization or endpoint is refused with what to do', async () => {
  await using bed = await openBed({ relays: [] })
  await putRelay(bed.store, 'open', { requiresClientAuthorization: false })
  await putRelay(bed.store, 'mute', { userMetadata: '[{"key":"other","value":"x"}]' })
  const open = await attach(bed, 'shop', 'open')
  assert.deepEqual([open.status, open.json.error.code], [400, 'BadRequest'])
  assert.match(open.json.error.message, /create it with requiresClientAuthorization true/)
  const mute = await attach(bed, 'shop', 'mute', { properties: { hostname: 'db', port: 1 } })
  assert.match(mute.json.error.message, /Set its userMetadata to \[\{"key":"endpoint","value":"HOST:PORT"\}\]/)
})

test('attaching to another endpoint than the metadata has is refused, naming both', async () => {
  await using bed = await openBed()
  const refused = await attach(bed, 'shop', 'db', { properties: { hostname: 'evil.corp', port: 22 } })
  assert.equal(refused.status, 409)
  assert.match(refused.json.error.message, /stands for db\.corp:1433, not for evil\.corp:22/)
  const badPorts = [65_536, -1, 1.5, '65536', '-1', '1433x', '', ' 1', '0x10'].map((port) => ({ port }))
  for (const properties of [{ hostname: 'a b' }, { hostname: 'a:1' }, ...badPorts]) {
    assert.equal((await attach(bed, 'shop', 'db', { properties })).status, 400, JSON.stringify(properties))
  }
})

test('host and port of an attached hybrid connection change in one request, for every app', async () => {
  await using bed = await openBed({ apps: ['shop', 'blog'] })
  for (const app of ['shop', 'blog']) await attach(bed, app, 'db')
  const url = siteUrl('shop', relayPath('db'))
  const patch = (properties: unknown, as = 'owner') => bed.call('PATCH', url, { as, body: { properties } })
  const patched = await patch({ port: 1434 })
  assert.deepEqual([patched.status, patched.json.properties.port], [200, 1434])
  const put = await attach(bed, 'shop', 'db', { properties: { hostname: 'sql.corp', port: 5432 } })
  assert.equal(put.json.properties.hostname, 'sql.corp')
  const other = (await bed.call('GET', siteUrl('blog', relayPath('db')))).json.properties
  assert.deepEqual([other.hostname, other.port], ['sql.corp', 5432])
  assert.equal(bed.parts.catalog.get('contoso', 'db')?.userMetadata, '[{"key":"endpoint","value":"sql.corp:5432"}]')
  await bed.assign('builder', 'Contributor', `${web}/sites/shop`)
  const refused = await patch({ port: 1 }, 'builder')
  assert.equal(refused.status, 403)
  assert.match(refused.json.error.message, /Microsoft\.Relay\/namespaces\/hybridConnections\/write/)
  assert.equal((await patch({ port: 5432 }, 'builder')).status, 200, 'what stands may be said again')
  const { createdAt } = bed.parts.catalog.get('contoso', 'db')!
  await putRelay(bed.store, 'db', { origin: 'declared', createdAt })
  const declared = await patch({ port: 1 })
  assert.equal(declared.status, 409)
  assert.match(declared.json.error.message, /resources file/)
  const full = JSON.stringify([
    { key: 'endpoint', value: 'db:1' },
    { key: 'note', value: 'x'.repeat(940) },
  ])
  await putRelay(bed.store, 'db', { userMetadata: full, createdAt })
  assert.equal((await patch({ hostname: 'a'.repeat(60) })).status, 400, 'longer than metadata may be')
})

test('a hybrid connection that was deleted and made anew is not the one that was attached', async () => {
  await using bed = await openBed()
  await attach(bed, 'shop', 'db')
  const url = siteUrl('shop', relayPath('db'))
  await bed.store.delete('hc/contoso/db')
  const gone = (await bed.call('GET', url)).json.properties
  assert.deepEqual([gone.hostname, gone.port, gone.status], ['', 0, 'NotConnected'])
  assert.match(gone.warning, /was deleted/)
  await putRelay(bed.store, 'db', { createdAt: new Date(Date.now() + 5) })
  assert.match((await bed.call('GET', url)).json.properties.warning, /was deleted/)
  assert.equal((await bed.call('POST', siteUrl('shop', `${relayPath('db')}/listKeys`))).status, 404)
  await bed.assign('builder', 'Contributor', `${web}/sites/shop`)
  assert.equal((await attach(bed, 'shop', 'db', { as: 'builder' })).status, 404)
  assert.equal((await attach(bed, 'shop', 'db')).json.properties.warning, undefined)
})

test('details say whether it is connected, what HCMs report, and that app and namespace are far apart', async () => {
  await using bed = await openBed()
  await attach(bed, 'shop', 'db')
  const details = async (): Promise<unknown> => {
    const { status, target, listenerCount, hcmCount } = (await bed.call('GET', siteUrl('shop', relayPath('db')))).json
      .properties
    return [status, target, listenerCount, hcmCount]
  }
  bed.listenerCounts.set('contoso/db', 2)
  assert.deepEqual(await details(), ['Connected', 'Unknown', 2, 0])
  bed.downTargets.add('contoso/db')
  assert.deepEqual(await details(), ['Connected', 'Unreachable', 2, 0], 'as those say that have not enrolled')
  bed.downTargets.clear()
  const scope = `${relayNamespace}/hybridConnections/db`
  for (const id of ['h1', 'h2']) await bed.assign(id, 'Azure Relay Listener', scope)
  const report = (id: string, target: 'Reachable' | 'Unreachable', isOnline = true) => {
    const now = new Date()
    const entities = [{ namespace: 'Contoso', name: 'DB', target, since: now }]
    const value = { id, name: id, subscriptionId: 's', principalId: id, entities, createdAt: now, updatedAt: now }
    return bed.store.put({ kind: 'hcm', value: { ...value, isOnline } })
  }
  await report('h1', 'Unreachable')
  assert.deepEqual(await details(), ['Connected', 'Unreachable', 2, 1])
  await report('h2', 'Reachable')
  assert.deepEqual(await details(), ['Connected', 'Reachable', 2, 2])
  await report('stranger', 'Reachable')
  assert.deepEqual(await details(), ['Connected', 'Reachable', 2, 2], 'one that may not listen counts for nothing')
  await report('h2', 'Reachable', false)
  assert.deepEqual(await details(), ['Connected', 'Unreachable', 2, 1])
  const plan = (await bed.call('GET', planUrl('plan', relayPath('db')))).json.properties
  assert.deepEqual([plan.status, plan.target, plan.listenerCount, plan.hcmCount], ['Connected', 'Unreachable', 2, 1])
  await putNamespace(bed.store, 'contoso')
  const far = siteUrl('far')
  await bed.call('PUT', far, { body: { location: 'northeurope', properties: { serverFarmId: 'plan' } } })
  assert.match(
    (await attach(bed, 'far', 'db')).json.properties.warning,
    /app is in northeurope, the namespace in westus2/,
  )
})

test('the gateway connection string has the order of fields that Microsoft expects, and needs listKeys', async () => {
  await using bed = await openBed()
  await attach(bed, 'shop', 'db')
  const url = siteUrl('shop', `${relayPath('db')}/listGatewayKeys`)
  const { status, json } = await bed.call('POST', url)
  assert.equal(status, 200)
  assert.deepEqual(json, {
    keyName: 'defaultListener',
    gatewayConnectionString:
      'Endpoint=sb://contoso.relay.test:8443/;SharedAccessKeyName=defaultListener;SharedAccessKey=listen-1;EntityPath=db',
  })
  const createdAt = new Date(0)
  const both = ruleWith('both', ['Listen', 'Send'], ['b1', 'b2'])
  const only = ruleWith('only', ['Listen'], ['o1', 'o2'])
  await putRelay(bed.store, 'db', { rules: [both, only], createdAt })
  assert.equal((await bed.call('POST', url)).json.keyName, 'only')
  await putRelay(bed.store, 'db', { rules: [both], createdAt })
  assert.equal((await bed.call('POST', url)).json.keyName, 'both')
  await putRelay(bed.store, 'db', { rules: [], createdAt })
  assert.equal((await bed.call('POST', url)).status, 400, "a namespace's rule would listen everywhere")
  await putRelay(bed.store, 'db', { createdAt })
  await bed.assign('builder', 'Contributor', `${web}/sites/shop`)
  await bed.assign('builder', 'Reader', '/')
  const refused = await bed.call('POST', url, { as: 'builder' })
  assert.deepEqual([refused.status, refused.json.error.message.includes(listKeys)], [403, true])
})

test('writes keep to If-Match and If-None-Match', async () => {
  await using bed = await openBed()
  const url = siteUrl('shop', relayPath('db'))
  const put = (headers: Readonly<Record<string, string>>) => bed.call('PUT', url, { body: { properties: {} }, headers })
  assert.equal((await put({ 'if-match': '*' })).status, 412)
  const made = await put({ 'if-none-match': '*' })
  assert.equal(made.status, 200)
  assert.equal((await put({ 'if-none-match': '*' })).status, 412)
  assert.equal((await put({ 'if-match': made.headers?.['ETag'] ?? '' })).status, 200)
  assert.equal((await put({ 'if-match': '"other"' })).status, 412)
  assert.equal((await bed.call('DELETE', url, { headers: { 'if-match': '"other"' } })).status, 412)
})

test('every version since 2016 is answered', async () => {
  await using bed = await openBed()
  for (const version of ['2016-08-01', '2022-03-01', '2025-05-01']) {
    const url = siteUrl('shop', relayPath('db')).replace(webVersion, `?api-version=${version}`)
    assert.equal((await bed.call('PUT', url, { body: { properties: {} } })).status, 200)
  }
})
