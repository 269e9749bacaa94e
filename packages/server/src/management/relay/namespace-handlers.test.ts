import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openArmBed } from '../arm-calls.contract.ts'
import { nameAvailability } from './name-availability.ts'
import { contoso, declare, namespaces, openRelayBed, target, version } from './relay-calls.contract.ts'
import { relayRoutes } from './relay-routes.ts'

const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/

test('a new namespace is answered as Created, and read as Succeeded, so that clients ask once more', async () => {
  await using bed = await openRelayBed()
  const body = { location: 'West US 2', tags: { a: 'b' }, sku: { name: 'Standard', tier: 'Standard' } }
  const made = await bed.call('PUT', `${namespaces}/Fabrikam?api-version=2017-04-01`, { body })
  assert.equal(made.status, 200)
  const { createdAt, updatedAt, ...properties } = made.json.properties
  assert.match(createdAt, date)
  assert.equal(updatedAt, createdAt)
  assert.deepEqual(
    { ...made.json, properties },
    {
      id: `${namespaces}/Fabrikam`,
      name: 'Fabrikam',
      type: 'Microsoft.Relay/Namespaces',
      location: 'West US 2',
      tags: { a: 'b' },
      sku: { name: 'Standard', tier: 'Standard' },
      properties: {
        provisioningState: 'Created',
        status: 'Activating',
        serviceBusEndpoint: 'https://fabrikam.relay.test:8443/',
        metricId: 's:fabrikam',
      },
    },
  )
  const read = await bed.call('GET', `${namespaces}/FABRIKAM?api-version=2017-04-01`)
  assert.deepEqual([read.json.properties.provisioningState, read.json.properties.status], ['Succeeded', 'Active'])
  assert.equal(read.json.name, 'Fabrikam')
  const again = await bed.call('PUT', `${namespaces}/fabrikam?api-version=2017-04-01`, {
    body: { location: 'westus2' },
  })
  assert.deepEqual([again.status, again.json.properties.provisioningState], [200, 'Succeeded'])
  assert.deepEqual(
    [again.json.location, again.json.tags, again.json.properties.createdAt],
    ['West US 2', {}, createdAt],
  )
})

test('each api-version is answered in its own shape', async () => {
  await using bed = await openRelayBed()
  const shape = async (apiVersion: string): Promise<string[]> => {
    const { json } = await bed.call('GET', `${contoso}?api-version=${apiVersion}`)
    return ['publicNetworkAccess', 'privateEndpointConnections', 'minimumTlsVersion']
      .filter((name) => name in json.properties)
      .concat('systemData' in json ? ['systemData'] : [])
  }
  for (const old of ['2014-09-01', '2015-08-01', '2016-07-01', '2017-04-01', '2018-01-01-preview']) {
    assert.deepEqual(await shape(old), [], old)
  }
  const modern = ['publicNetworkAccess', 'privateEndpointConnections', 'systemData']
  assert.deepEqual(await shape('2021-11-01'), modern)
  assert.deepEqual(await shape('2024-01-01'), modern)
  assert.deepEqual(await shape('2026-01-01'), [...modern.slice(0, 2), 'minimumTlsVersion', 'systemData'])
  for (const [apiVersion, status] of [
    ['2021-11-01', 200],
    ['2024-01-01', 201],
    ['2026-01-01', 201],
  ] as const) {
    const url = `${namespaces}/made-${apiVersion}?api-version=${apiVersion}`
    assert.equal((await bed.call('PUT', url, { body: { location: 'x' } })).status, status)
    assert.equal((await bed.call('PUT', url, { body: { location: 'x' } })).status, 200)
  }
})

test('a namespace is deleted with what is in it, and its Location tells when that is done', async () => {
  await using bed = await openRelayBed()
  await bed.call('PUT', `${contoso}/hybridConnections/db${version}`, { body: {} })
  const gone = await bed.call('DELETE', contoso + version)
  assert.deepEqual([gone.status, gone.body, gone.headers?.['Retry-After']], [202, undefined, '1'])
  const done = await bed.call('GET', target(gone.headers?.['Location']))
  assert.deepEqual([done.status, done.body], [200, undefined])
  assert.equal((await bed.call('GET', contoso + version)).json.error.code, 'ResourceNotFound')
  assert.equal((await bed.call('DELETE', contoso + version)).status, 204)
  assert.equal(bed.parts.catalog.list('contoso').length, 0)
})

test('a deletion that is under way is answered 202, and one of the namespace before this one 200', async () => {
  await using bed = await openRelayBed()
  const { createdAt } = bed.parts.catalog.namespaceByName('contoso')!
  const result = (at: number) => `${contoso}/operationresults/contoso-${at.toString(36)}${version}`
  const running = await bed.call('GET', result(createdAt.getTime()))
  assert.deepEqual([running.status, running.json.properties.status], [202, 'Removing'])
  assert.equal(target(running.headers?.['Location']), result(createdAt.getTime()))
  assert.equal((await bed.call('GET', result(createdAt.getTime() - 1))).status, 200)
})

test('PATCH changes what it names, and makes nothing', async () => {
  await using bed = await openRelayBed()
  const patch = (body: unknown, name = 'contoso') => bed.call('PATCH', `${namespaces}/${name}${version}`, { body })
  assert.deepEqual((await patch({ tags: { x: 'y' } })).json.tags, { x: 'y' })
  const closed = await patch({ properties: { publicNetworkAccess: 'Disabled' } })
  assert.deepEqual([closed.json.tags, closed.json.properties.publicNetworkAccess], [{ x: 'y' }, 'Disabled'])
  const put = await bed.call('PUT', contoso + version, { body: { location: 'westus2' } })
  assert.equal(put.json.properties.publicNetworkAccess, 'Disabled', 'a PUT that does not name it does not open it')
  const missing = await patch({ tags: {} }, 'nobody1')
  assert.deepEqual([missing.status, missing.json.error.code], [404, 'ResourceNotFound'])
  const perimeter = await patch({ properties: { publicNetworkAccess: 'SecuredByPerimeter' } })
  assert.deepEqual([perimeter.status, perimeter.json.error.code], [400, 'OperationNotSupported'])
  const tls = await patch({ properties: { minimumTlsVersion: '1.3' } })
  assert.match(tls.json.error.message, /--tls-min-version/)
  assert.equal((await patch({ properties: { minimumTlsVersion: '1.2' } })).status, 200)
})

test('a name is unique over all subscriptions, and a role in one says nothing about the namespace of another', async () => {
  await using bed = await openRelayBed()
  const body = { location: 'West US 2' }
  for (const place of ['/subscriptions/t/resourceGroups/g', '/subscriptions/s/resourceGroups/other']) {
    const foreign = `${place}/providers/Microsoft.Relay/namespaces/CONTOSO`
    for (const headers of [{}, { 'if-match': '*' }, { 'if-none-match': '*' }] as Record<string, string>[]) {
      const put = await bed.call('PUT', foreign + version, { body, headers })
      assert.deepEqual([put.status, put.json.error.code], [409, 'NameInUse'])
    }
    assert.equal((await bed.call('GET', foreign + version)).status, 404)
    assert.equal((await bed.call('PATCH', foreign + version, { body: { tags: { mine: 'now' } } })).status, 404)
    assert.equal((await bed.call('DELETE', foreign + version)).status, 204)
    assert.equal(
      (await bed.call('GET', `${foreign}/hybridConnections${version}`)).json.error.code,
      'ParentResourceNotFound',
    )
  }
  assert.deepEqual((await bed.call('GET', contoso + version)).json.tags, {})
})

test('checkNameAvailability tells a free name from a taken one and from one that is none', async () => {
  await using bed = await openRelayBed()
  const check = async (name: string) =>
    (
      await bed.call('POST', `/subscriptions/t/providers/Microsoft.Relay/checkNameAvailability${version}`, {
        body: { name },
      })
    ).json
  assert.deepEqual(await check('fabrikam'), { nameAvailable: true, reason: 'None', message: null })
  assert.equal((await check('CONTOSO')).reason, 'NameInUse')
  for (const name of ['short', '1starts-badly', 'ends-badly-', 'a'.repeat(51), 'with space', '']) {
    const { nameAvailable, reason, message } = await check(name)
    assert.deepEqual([nameAvailable, reason], [false, 'InvalidName'], name)
    assert.match(message, /^The name of a namespace (must|may) /)
  }
})

test('a name whose host another namespace answers for is in use', async () => {
  await using bed = await openRelayBed()
  const stored = (await bed.store.get('ns/contoso'))!
  assert.equal(stored.document.kind, 'namespace')
  if (stored.document.kind !== 'namespace') return
  await bed.store.put({ ...stored.document, value: { ...stored.document.value, hosts: ['fabrikam.relay.test'] } })
  const put = await bed.call('PUT', `${namespaces}/fabrikam${version}`, { body: { location: 'x' } })
  assert.deepEqual([put.status, put.json.error.code], [409, 'NameInUse'])
  const { json } = await bed.call('GET', contoso + version)
  assert.equal(json.properties.serviceBusEndpoint, 'https://fabrikam.relay.test:8443/')
})

test('nobody takes the public host away from the namespace that answers there', async () => {
  await using bed = await openRelayBed()
  const settings = { ...bed.parts.settings, publicHost: 'gateway.relay.test' }
  const parts = { ...bed.parts, settings }
  assert.equal(nameAvailability(parts, 'gateway').nameAvailable, true, 'without a default namespace nobody answers')
  const stored = (await bed.store.get('ns/contoso'))!
  assert.equal(stored.document.kind, 'namespace')
  if (stored.document.kind !== 'namespace') return
  await bed.store.put({ ...stored.document, value: { ...stored.document.value, isDefault: true } })
  assert.equal(nameAvailability(parts, 'Gateway').reason, 'NameInUse')
  assert.equal(nameAvailability(parts, 'fabrikam').nameAvailable, true)
})

test('what a namespace cannot be is refused with the reason', async () => {
  await using bed = await openRelayBed()
  const put = async (name: string, body: unknown, headers = {}) => {
    const { status, json } = await bed.call('PUT', `${namespaces}/${name}${version}`, { body, headers })
    return [status, json.error?.code] as const
  }
  assert.deepEqual(await put('short', { location: 'x' }), [400, 'InvalidRequestContent'])
  assert.deepEqual(await put('fabrikam', {}), [400, 'InvalidRequestContent'])
  assert.deepEqual(await put('fabrikam', { location: 'x', sku: { name: 'Premium' } }), [400, 'InvalidRequestContent'])
  assert.deepEqual(await put('contoso', { location: 'eastus' }), [409, 'Conflict'])
  assert.deepEqual(await put('contoso', { location: 'westus2' }, { 'if-match': '"nothing"' }), [
    412,
    'PreconditionFailed',
  ])
  assert.deepEqual(await put('contoso', { location: 'westus2' }, { 'if-none-match': '*' }), [412, 'PreconditionFailed'])
  assert.deepEqual(await put('fabrikam', { location: 'x' }, { 'if-match': '*' }), [412, 'PreconditionFailed'])
  const nowhere = await bed.call(
    'PUT',
    `/subscriptions/s/resourceGroups/no/providers/Microsoft.Relay/namespaces/fabrikam${version}`,
    {
      body: { location: 'x' },
    },
  )
  assert.deepEqual([nowhere.status, nowhere.json.error.code], [404, 'ResourceGroupNotFound'])
  const { headers } = await bed.call('GET', contoso + version)
  assert.deepEqual((await put('contoso', { location: 'westus2' }, { 'if-match': headers?.['ETag'] }))[0], 200)
})

test('a namespace that the resources file declares is read, and changed only there', async () => {
  await using bed = await openRelayBed()
  await declare(bed, 'ns/contoso')
  assert.equal((await bed.call('GET', contoso + version)).status, 200)
  for (const [method, body] of [
    ['PUT', { location: 'westus2' }],
    ['PATCH', { tags: {} }],
    ['DELETE', undefined],
  ] as const) {
    const reply = await bed.call(method, contoso + version, { body })
    assert.deepEqual([reply.status, reply.json.error.code], [409, 'Conflict'], method)
    assert.match(reply.json.error.message, /resources file/)
  }
})

test('everybody sees in lists the namespaces that he may read, and nobody else learns of any', async () => {
  await using bed = await openRelayBed()
  await bed.call('PUT', `${namespaces}/fabrikam${version}`, { body: { location: 'x' } })
  await bed.call(
    'PUT',
    `/subscriptions/s/resourceGroups/other/providers/Microsoft.Relay/namespaces/northwind${version}`,
    {
      body: { location: 'x' },
    },
  )
  await bed.assign('one', 'Reader', contoso)
  await bed.assign('empty', 'Reader', '/subscriptions/t')
  const all = `/subscriptions/S/providers/Microsoft.Relay/namespaces${version}`
  const names = async (url: string, as: string) => {
    const { status, json } = await bed.call('GET', url, { as })
    return json.error?.code ?? [status, ...json.value.map(({ name }: { name: string }) => name)]
  }
  assert.deepEqual(await names(all, 'owner'), [200, 'contoso', 'fabrikam', 'northwind'])
  assert.deepEqual(await names(namespaces + version, 'owner'), [200, 'contoso', 'fabrikam'])
  assert.deepEqual(await names(all, 'one'), [200, 'contoso'])
  assert.deepEqual(await names(namespaces + version, 'one'), [200, 'contoso'])
  assert.equal(await names(all, 'nobody'), 'AuthorizationFailed')
  assert.equal(await names(namespaces + version, 'nobody'), 'AuthorizationFailed')
  assert.deepEqual(await names(`/subscriptions/t/providers/Microsoft.Relay/namespaces${version}`, 'empty'), [200])
  assert.equal(
    await names(`/subscriptions/t/resourceGroups/no/providers/Microsoft.Relay/namespaces${version}`, 'empty'),
    'ResourceGroupNotFound',
  )
  const first = await bed.call('GET', `${all}&$top=2`)
  assert.deepEqual(await names(target(first.json.nextLink), 'owner'), [200, 'northwind'])
})

test('the operations are those that routes ask for', async () => {
  await using bed = await openArmBed()
  const { json } = await bed.call('GET', `/providers/Microsoft.Relay/operations${version}`, { as: 'anybody' })
  const names = new Set(json.value.map(({ name }: { name: string }) => name.toLowerCase()))
  for (const { id, access } of relayRoutes) {
    if ('action' in access) assert.ok(names.has(access.action.toLowerCase()), `${id}: ${access.action}`)
  }
  assert.equal(json.value[0].display.provider, 'Microsoft Azure Relay')
})

test('rules that were left behind under a name do not open the namespace that takes it', async () => {
  await using bed = await openRelayBed()
  await bed.call('PUT', `${contoso}/hybridConnections/db${version}`, { body: {} })
  const orphan = (await bed.store.get('hc/contoso/db'))!
  await bed.call('DELETE', contoso + version)
  await bed.store.put(orphan.document)
  await bed.call('PUT', contoso + version, { body: { location: 'x' } })
  assert.deepEqual((await bed.call('GET', `${contoso}/hybridConnections${version}`)).json, { value: [] })
})
