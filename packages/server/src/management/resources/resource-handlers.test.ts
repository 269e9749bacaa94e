import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openArmBed } from '../arm-calls.contract.ts'

const version = '?api-version=2021-04-01'
const group = '/subscriptions/any text/resourceGroups/g'.replace(' ', '%20')

test('a resource group is made, read, changed by its ETag and deleted', async () => {
  await using bed = await openArmBed()
  assert.equal((await bed.call('GET', `${group}${version}`)).json.error.code, 'ResourceGroupNotFound')
  assert.equal((await bed.call('HEAD', `${group}${version}`)).status, 404)
  const made = await bed.call('PUT', `${group}${version}`, { body: { location: 'westus2', tags: { a: 'b' } } })
  assert.deepEqual(made.json, {
    id: '/subscriptions/any text/resourceGroups/g',
    name: 'g',
    type: 'Microsoft.Resources/resourceGroups',
    location: 'westus2',
    tags: { a: 'b' },
    properties: { provisioningState: 'Succeeded' },
  })
  assert.equal((await bed.call('HEAD', `${group}${version}`)).status, 204)
  const etag = made.headers?.['ETag'] ?? ''
  const update = (tag: string) =>
    bed.call('PATCH', `${group}${version}`, { body: { tags: { c: 'd' } }, headers: { 'if-match': tag } })
  assert.equal((await update(etag)).json.tags.c, 'd')
  assert.equal((await update(etag)).status, 412)
  assert.equal((await update('*')).status, 200)
  const exists = await bed.call('PUT', `${group}${version}`, {
    body: { location: 'x' },
    headers: { 'if-none-match': '*' },
  })
  assert.equal(exists.status, 412)
  const deleted = await bed.call('DELETE', `${group}${version}`)
  assert.equal(deleted.status, 202)
  const location = new URL(deleted.headers?.['Location'] ?? '')
  assert.equal((await bed.call('GET', location.pathname + location.search)).status, 200)
  assert.equal((await bed.call('GET', `${group}${version}`)).status, 404)
})

test('everybody sees his own subscriptions and groups, others are not there', async () => {
  await using bed = await openArmBed()
  for (const name of ['g1', 'g2']) {
    await bed.call('PUT', `/subscriptions/s/resourceGroups/${name}${version}`, { body: { location: 'x' } })
  }
  await bed.assign('reader', 'Reader', '/subscriptions/s/resourceGroups/g2')
  const names = async (url: string, as: string): Promise<string[]> =>
    (await bed.call('GET', `${url}${version}`, { as })).json.value.map(
      (each: { name?: string; subscriptionId: string }) => each.name ?? each.subscriptionId,
    )
  assert.deepEqual(await names('/subscriptions/s/resourcegroups', 'reader'), ['g2'])
  assert.deepEqual(await names('/subscriptions/s/resourcegroups', 'owner'), ['g1', 'g2'])
  assert.deepEqual(await names('/subscriptions', 'reader'), ['s'])
  assert.deepEqual(await names('/subscriptions', 'nobody'), [])
  assert.equal((await bed.call('GET', `/subscriptions/s/resourcegroups${version}`, { as: 'nobody' })).status, 404)
})

test('the locations of a subscription are those of the namespaces that the caller may read there', async () => {
  await using bed = await openArmBed()
  for (const [subscription, group, name, location] of [
    ['s', 'g1', 'contoso1', 'here'],
    ['s', 'g2', 'contoso2', 'hidden'],
    ['t', 'g1', 'contoso3', 'elsewhere'],
  ] as const) {
    const place = `/subscriptions/${subscription}/resourceGroups/${group}`
    await bed.call('PUT', `${place}${version}`, { body: { location: 'x' } })
    const url = `${place}/providers/Microsoft.Relay/namespaces/${name}?api-version=2021-11-01`
    await bed.call('PUT', url, { body: { location } })
  }
  await bed.assign('reader', 'Reader', '/subscriptions/s/resourceGroups/g1')
  const locations = async (as: string): Promise<string[]> =>
    (await bed.call('GET', `/subscriptions/s/locations${version}`, { as })).json.value.map(
      ({ name }: { name: string }) => name,
    )
  assert.deepEqual(await locations('reader'), ['here'])
  assert.deepEqual(await locations('owner'), ['here', 'hidden'])
})

test('a list comes in pages whose link keeps the query of the caller', async () => {
  await using bed = await openArmBed()
  for (let at = 0; at < 5; at += 1) {
    await bed.call('PUT', `/subscriptions/s/resourceGroups/g${at}${version}`, { body: { location: 'x' } })
  }
  const names: string[] = []
  let next: string | undefined = `/subscriptions/s/resourcegroups${version}&$top=2&x=y`
  let pages = 0
  while (next !== undefined) {
    const { json } = await bed.call('GET', next)
    names.push(...json.value.map(({ name }: { name: string }) => name))
    assert.match(json.nextLink ?? 'x=y', /x=y/)
    const link: URL | undefined = json.nextLink === undefined ? undefined : new URL(json.nextLink)
    next = link && link.pathname + link.search
    pages += 1
  }
  assert.deepEqual([pages, names], [3, ['g0', 'g1', 'g2', 'g3', 'g4']])
  for (const query of ['$top=0', '$top=x', '$skipToken=']) {
    assert.equal((await bed.call('GET', `/subscriptions/s/resourcegroups${version}&${query}`)).status, 400, query)
  }
})

test('clients find the parts of the cloud and the providers', async () => {
  await using bed = await openArmBed()
  const metadata = await bed.call('GET', '/metadata/endpoints?api-version=2022-09-01')
  assert.equal(metadata.json.resourceManager, 'https://manage.relay.test/')
  assert.deepEqual(metadata.json.authentication, {
    loginEndpoint: 'https://manage.relay.test/adfs',
    audiences: ['https://manage.relay.test', 'https://manage.relay.test/'],
    tenant: 'common',
    identityProvider: 'AAD',
  })
  assert.deepEqual(metadata.json.suffixes, { keyVaultDns: 'manage.relay.test', storage: 'manage.relay.test' })
  const [listed] = (await bed.call('GET', '/metadata/endpoints?api-version=2019-05-01')).json
  assert.equal(listed.authentication.identityProvider, 'ADFS')
  const old = await bed.call('GET', '/metadata/endpoints?api-version=2015-01-01')
  assert.deepEqual(old.json.authentication.audiences, ['https://manage.relay.test', 'https://manage.relay.test/'])
  const provider = await bed.call('GET', `/subscriptions/s/providers/microsoft.relay${version}`)
  assert.equal(provider.json.registrationState, 'Registered')
  assert.equal((await bed.call('POST', `/subscriptions/s/providers/Microsoft.Web/register${version}`)).status, 200)
  assert.equal((await bed.call('GET', `/subscriptions/s/providers/Microsoft.Sql${version}`)).status, 404)
})
