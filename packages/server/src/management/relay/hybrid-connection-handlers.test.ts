import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RelayError } from '@postern/protocol'
import { contoso, declare, namespaces, openRelayBed, version } from './relay-calls.contract.ts'
import { maxHybridConnections } from './write-hybrid-connection.ts'

const db = `${contoso}/hybridConnections/db${version}`
const endpoint = (value: unknown): string => JSON.stringify([{ key: 'endpoint', value }])

test('a hybrid connection of an empty body needs client authorization, and is read as it was written', async () => {
  await using bed = await openRelayBed()
  const made = await bed.call('PUT', db, { body: {} })
  assert.equal(made.status, 200)
  const { createdAt, updatedAt, ...properties } = made.json.properties
  assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/)
  assert.equal(updatedAt, createdAt)
  const { systemData: _, ...rest } = made.json
  assert.deepEqual(
    { ...rest, properties },
    {
      id: `${contoso}/hybridConnections/db`,
      name: 'db',
      type: 'Microsoft.Relay/Namespaces/HybridConnections',
      location: 'West US 2',
      properties: { listenerCount: 0, requiresClientAuthorization: true },
    },
  )
  bed.listenerCounts.set('contoso/db', 3)
  const read = await bed.call('GET', db.toUpperCase().replace('API-VERSION', 'api-version'))
  assert.deepEqual(read.json.properties, { ...made.json.properties, listenerCount: 3 })
  assert.equal(
    'systemData' in (await bed.call('GET', `${contoso}/hybridConnections/db?api-version=2017-04-01`)).json,
    false,
  )
})

test('PUT replaces what Azure knows, keeps what it does not know, and keeps the date of creation', async () => {
  await using bed = await openRelayBed()
  const put = (properties: unknown) => bed.call('PUT', db, { body: { properties } })
  const first = await put({
    requiresClientAuthorization: false,
    userMetadata: 'm',
    maxListeners: 3,
    httpResponseTimeoutMs: 5000,
    actions: ['publish', 'subscribe'],
  })
  const second = await put(null)
  const { createdAt, updatedAt: _, ...properties } = second.json.properties
  assert.equal(createdAt, first.json.properties.createdAt)
  assert.deepEqual(properties, {
    listenerCount: 0,
    requiresClientAuthorization: true,
    maxListeners: 3,
    httpResponseTimeoutMs: 5000,
    actions: ['publish', 'subscribe'],
  })
  const cleared = await put({ maxListeners: null, httpResponseTimeoutMs: null, actions: null })
  assert.deepEqual(Object.keys(cleared.json.properties).toSorted(), [
    'createdAt',
    'listenerCount',
    'requiresClientAuthorization',
    'updatedAt',
  ])
})

test('PATCH changes what it names: metadata, the endpoint alone, and nothing that is not there', async () => {
  await using bed = await openRelayBed()
  const userMetadata = '[{"key":"owner","value":"me"},{"key":"endpoint","value":"db.corp:1"}]'
  await bed.call('PUT', db, { body: { properties: { userMetadata, requiresClientAuthorization: false } } })
  const patch = async (properties: unknown) => (await bed.call('PATCH', db, { body: { properties } })).json
  const moved = await patch({ endpoint: '[fd00::1]:5432' })
  assert.deepEqual(JSON.parse(moved.properties.userMetadata), [
    { key: 'owner', value: 'me' },
    { key: 'endpoint', value: '[fd00::1]:5432' },
  ])
  assert.equal(moved.properties.requiresClientAuthorization, false)
  assert.deepEqual((await patch({ actions: [] })).properties.actions, [])
  assert.equal((await patch({ maxListeners: 5 })).properties.userMetadata, moved.properties.userMetadata)
  assert.equal((await patch({ endpoint: null })).properties.userMetadata, '[{"key":"owner","value":"me"}]')
  assert.match((await patch({ endpoint: 'db' })).error.message, /host:port/)
  assert.equal((await patch({ userMetadata: 'free text' })).properties.userMetadata, 'free text')
  assert.match((await patch({ endpoint: 'db:1' })).error.message, /no list of entries/)
  assert.equal((await patch({ userMetadata: null, endpoint: 'db:1' })).properties.userMetadata, endpoint('db:1'))
  const missing = await bed.call('PATCH', `${contoso}/hybridConnections/no${version}`, { body: {} })
  assert.deepEqual([missing.status, missing.json.error.code], [404, 'EntityNotFound'])
})

test('an endpoint in the metadata is host:port or refused; metadata without one may be anything short', async () => {
  await using bed = await openRelayBed()
  const put = async (userMetadata: unknown) => {
    const { status, json } = await bed.call('PUT', db, { body: { properties: { userMetadata } } })
    return [status, json.error?.message] as const
  }
  for (const fine of [
    '',
    'text',
    '[]',
    '{"endpoint":"x"}',
    endpoint('h:1'),
    endpoint('[::1]:65535'),
    'a'.repeat(1024),
  ]) {
    assert.equal((await put(fine))[0], 200, fine)
  }
  for (const bad of ['h', 'h:0', 'h:65536', 'http://h:1', '', 5, null, 'a b:1']) {
    const [status, message] = await put(endpoint(bad))
    assert.equal(status, 400, String(bad))
    assert.match(message, /must be host:port/)
  }
  assert.match((await put('[{"key":"Endpoint"}]'))[1], /not nothing/)
  assert.match((await put('a'.repeat(1025)))[1], /at most 1024 characters/)
})

test('a name with a slash comes encoded and is one name', async () => {
  await using bed = await openRelayBed()
  const url = `${contoso}/hybridConnections/a%2FB${version}`
  const made = await bed.call('PUT', url, { body: {} })
  assert.deepEqual([made.json.name, made.json.id], ['a/B', `${contoso}/hybridConnections/a/B`])
  assert.equal((await bed.call('GET', `${contoso}/hybridConnections/A%2fb${version}`)).json.name, 'a/B')
  const rule = `${contoso}/hybridConnections/a%2FB/authorizationRules/r${version}`
  assert.equal((await bed.call('PUT', rule, { body: { properties: { rights: ['Send'] } } })).status, 200)
  assert.equal((await bed.call('DELETE', url)).status, 200)
  for (const bad of ['%2Fa', 'a%2F', 'a%2F%2Fb', 'a%20b', '$hc', 'a'.repeat(261)]) {
    const reply = await bed.call('PUT', `${contoso}/hybridConnections/${bad}${version}`, { body: {} })
    assert.deepEqual([reply.status, reply.json.error.code], [400, 'InvalidRequestContent'], bad)
  }
})

test('what is not there is 404 to read, 204 to delete, and names its parent when that is missing', async () => {
  await using bed = await openRelayBed()
  const missing = await bed.call('GET', db)
  assert.deepEqual([missing.status, missing.json.error.code], [404, 'EntityNotFound'])
  assert.match(missing.json.error.message, /^Hybrid Connection does not exist/)
  assert.equal((await bed.call('DELETE', db)).status, 204)
  await bed.call('PUT', db, { body: {} })
  const places = [
    `${namespaces}/nobody1`,
    '/subscriptions/t/resourceGroups/g/providers/Microsoft.Relay/namespaces/contoso',
    '/subscriptions/s/resourceGroups/other/providers/Microsoft.Relay/namespaces/contoso',
  ]
  for (const place of places) {
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const reply = await bed.call(method, `${place}/hybridConnections/db${version}`, { body: {} })
      assert.deepEqual([reply.status, reply.json.error.code], [404, 'ParentResourceNotFound'], `${method} ${place}`)
    }
  }
  assert.equal((await bed.call('DELETE', db)).status, 200)
})

test('an ETag guards changes and deletions', async () => {
  await using bed = await openRelayBed()
  const { headers = {} } = await bed.call('PUT', db, { body: {} })
  const tag = { 'if-match': headers['ETag'] ?? '' }
  assert.equal((await bed.call('GET', db)).headers?.['ETag'], headers['ETag'])
  assert.equal((await bed.call('PATCH', db, { body: {}, headers: tag })).status, 200)
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    assert.equal((await bed.call(method, db, { body: {}, headers: tag })).status, 412, method)
  }
  assert.equal((await bed.call('PUT', db, { body: {}, headers: { 'if-none-match': '*' } })).status, 412)
})

test('members of a wrong type or beyond their bounds are refused by name', async () => {
  await using bed = await openRelayBed()
  for (const [name, value] of [
    ['maxListeners', 0],
    ['maxListeners', 1.5],
    ['maxListeners', 10_001],
    ['httpResponseTimeoutMs', 0],
    ['httpResponseTimeoutMs', 1e12],
    ['actions', 'publish'],
    ['actions', ['listen']],
    ['actions', ['send', 'send', 'send', 'send', 'send', 'send']],
    ['requiresClientAuthorization', 'yes'],
    ['userMetadata', {}],
  ] as const) {
    const reply = await bed.call('PUT', db, { body: { properties: { [name]: value } } })
    assert.equal(reply.status, 400)
    assert.match(reply.json.error.message, new RegExp(`properties\\.${name}`))
  }
  const anyCase = await bed.call('PUT', db, { body: { Properties: { USERMETADATA: 'm', listenerCount: 9 } } })
  assert.deepEqual([anyCase.json.properties.userMetadata, anyCase.json.properties.listenerCount], ['m', 0])
})

test('the list comes in pages, by name', async () => {
  await using bed = await openRelayBed()
  for (const name of ['c', 'a', 'b%2Fx'])
    await bed.call('PUT', `${contoso}/hybridConnections/${name}${version}`, { body: {} })
  await bed.call('PUT', `${namespaces}/contoso2${version}`, { body: { location: 'x' } })
  await bed.call('PUT', `${namespaces}/contoso2/hybridConnections/d${version}`, { body: {} })
  const { json } = await bed.call('GET', `${contoso}/hybridConnections${version}`)
  assert.deepEqual(
    json.value.map(({ name }: { name: string }) => name),
    ['a', 'b/x', 'c'],
  )
  assert.equal('nextLink' in json, false)
})

test('a namespace has at most 10,000 hybrid connections, and a full one can still change those it has', async (t) => {
  await using bed = await openRelayBed()
  await bed.call('PUT', db, { body: {} })
  const [entity] = bed.parts.catalog.list('contoso')
  t.mock.method(bed.parts.catalog, 'list', () => Array.from({ length: maxHybridConnections }, () => entity))
  const reply = await bed.call('PUT', `${contoso}/hybridConnections/more${version}`, { body: {} })
  assert.deepEqual([reply.status, reply.json.error.code], [403, 'QuotaExceeded'])
  assert.equal((await bed.call('PUT', db, { body: {} })).status, 200)
})

test('one that the resources file declares is changed only there, others beside it freely', async () => {
  await using bed = await openRelayBed()
  await bed.call('PUT', db, { body: {} })
  await declare(bed, 'hc/contoso/db')
  await declare(bed, 'ns/contoso')
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    const reply = await bed.call(method, db, { body: {} })
    assert.deepEqual([reply.status, reply.json.error.code], [409, 'Conflict'], method)
  }
  assert.equal((await bed.call('PUT', `${contoso}/hybridConnections/mine${version}`, { body: {} })).status, 200)
})

test('a namespace that is deleted while a hybrid connection is written leaves nothing behind', async (t) => {
  await using bed = await openRelayBed()
  const put = bed.store.put.bind(bed.store)
  t.mock.method(bed.store, 'put', async (...args: Parameters<typeof put>) => {
    if (args[0].kind === 'hybridConnection') await bed.store.delete('ns/contoso')
    return put(...args)
  })
  const reply = await bed.call('PUT', db, { body: {} })
  assert.deepEqual([reply.status, reply.json.error.code], [404, 'ParentResourceNotFound'])
  assert.equal(await bed.store.get('hc/contoso/db'), undefined)
})

test('a write that others keep overtaking is made again, each time over what stands there', async (t) => {
  await using bed = await openRelayBed()
  await bed.call('PUT', db, { body: {} })
  const put = bed.store.put.bind(bed.store)
  let overtaken = 0
  t.mock.method(bed.store, 'put', (...args: Parameters<typeof put>) => {
    overtaken += 1
    if (overtaken < 3) throw new RelayError('PreconditionFailed')
    return put(...args)
  })
  assert.equal((await bed.call('PATCH', db, { body: { properties: { maxListeners: 2 } } })).status, 200)
  assert.equal(overtaken, 3)
})
