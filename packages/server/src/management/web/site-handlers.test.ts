import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attach, group, openWebBed, planUrl, putApp, relayPath, siteUrl, web, webVersion } from './web.contract.ts'

test('an app and its slots are made, read, listed, changed and deleted', async () => {
  await using bed = await openWebBed({ apps: [] })
  const made = await bed.call('PUT', siteUrl('Shop'), {
    body: { Location: 'West US 2', kind: 'app,linux', properties: { serverfarmid: `${web}/serverFarms/PLAN` } },
  })
  assert.equal(made.status, 200)
  assert.equal(made.json.id, `${web}/sites/Shop`)
  assert.equal(made.json.type, 'Microsoft.Web/sites')
  assert.equal(made.json.properties.serverFarmId, `${web}/serverfarms/plan`)
  assert.equal(made.json.properties.reserved, true)
  const slot = await bed.call('PUT', siteUrl('shop', '/slots/Staging'), { body: { location: 'westus2' } })
  assert.deepEqual(
    [slot.status, slot.json.id, slot.json.name, slot.json.type],
    [200, `${web}/sites/Shop/slots/Staging`, 'Shop/Staging', 'Microsoft.Web/sites/slots'],
  )
  const list = await bed.call('GET', siteUrl('shop', '/slots'))
  assert.deepEqual(
    list.json.value.map(({ name }: { name: string }) => name),
    ['Shop/Staging'],
  )
  assert.equal((await bed.call('GET', siteUrl('shop', '/slots/staging'))).json.name, 'Shop/Staging')
  assert.equal((await bed.call('PATCH', siteUrl('shop'), { body: { tags: { a: 'b' } } })).json.tags.a, 'b')
  assert.equal((await bed.call('PATCH', siteUrl('shop', '/slots/none'), { body: {} })).status, 404)
  assert.equal((await bed.call('DELETE', siteUrl('shop', '/slots/staging'))).status, 200)
  assert.equal((await bed.call('DELETE', siteUrl('shop', '/slots/staging'))).status, 204)
  assert.equal((await bed.call('GET', siteUrl('shop', '/slots/staging'))).status, 404)
  assert.equal((await bed.call('DELETE', siteUrl('shop'))).status, 200)
  assert.equal((await bed.call('DELETE', siteUrl('shop'))).status, 204)
  assert.equal((await bed.call('GET', siteUrl('shop'))).json.error.code, 'ResourceNotFound')
})

test('what no app can be is refused', async () => {
  await using bed = await openWebBed()
  const put = async (name: string, body: unknown): Promise<number> =>
    (await bed.call('PUT', siteUrl(name), { body })).status
  const properties = { serverFarmId: 'plan' }
  assert.equal(await put('-a', { location: 'x', properties }), 400)
  assert.equal(await put('a.b', { location: 'x', properties }), 400)
  assert.equal(await put('a'.repeat(61), { location: 'x', properties }), 400)
  assert.equal(await put('a', { location: 'x' }), 400)
  assert.equal(await put('a', { location: 'x', properties: { serverFarmId: 'none' } }), 404)
  assert.equal(await put('a', { location: 'x', properties: { serverFarmId: `${group}/x` } }), 404)
  assert.equal(await put('shop', { location: 'eastus' }), 409)
  assert.equal(await put('shop/slots/production', { location: 'westus2' }), 400)
  const other = { serverFarmId: 'other' }
  assert.equal(await put('shop/slots/a', { location: 'westus2', properties: other }), 400)
  assert.equal(await put('none/slots/a', { location: 'westus2' }), 404)
  for (let at = 0; at < 20; at += 1) assert.equal(await put(`shop/slots/s${at}`, { location: 'westus2' }), 200)
  assert.equal(await put('shop/slots/one-more', { location: 'westus2' }), 409)
})

test('an app that moves must fit into its new plan', async () => {
  const relays = Array.from({ length: 6 }, (_, at) => `hc${at}`)
  await using bed = await openWebBed({ relays })
  for (const [name, sku] of [
    ['basic', 'B1'],
    ['free', 'F1'],
  ]) {
    await bed.call('PUT', planUrl(name!), { body: { location: 'westus2', sku: { name: sku } } })
  }
  for (const relay of relays) await attach(bed, 'shop', relay)
  const refused = await putApp(bed, 'shop', 'basic')
  assert.equal(refused.status, 409)
  assert.match(refused.json.error.message, /'basic' may use 5 hybrid connections/)
  await bed.call('DELETE', siteUrl('shop', relayPath('hc0')))
  assert.equal((await putApp(bed, 'shop', 'free')).status, 409)
  assert.equal((await putApp(bed, 'shop', 'basic')).status, 200)
  assert.equal((await attach(bed, 'shop', 'hc0')).json.error.code, 'Conflict')
  assert.deepEqual((await bed.call('GET', planUrl('basic', '/hybridConnectionPlanLimits/limit'))).json.properties, {
    current: 5,
    maximum: 5,
  })
})

test('the last app takes its plan along only when asked to', async () => {
  await using bed = await openWebBed({ apps: ['a', 'b'] })
  const emptied = (app: string, value: string) => bed.call('DELETE', `${siteUrl(app)}&deleteEmptyServerFarm=${value}`)
  await emptied('a', 'true')
  assert.equal((await bed.call('GET', planUrl('plan'))).status, 200)
  await emptied('b', 'false')
  assert.equal((await bed.call('GET', planUrl('plan'))).status, 200)
  await putApp(bed, 'b', 'plan')
  await emptied('b', 'true')
  assert.equal((await bed.call('GET', planUrl('plan'))).status, 404)
})

test('clients ask whether the name of an app is free', async () => {
  await using bed = await openWebBed()
  const check = async (name: string): Promise<unknown> => {
    const url = `/subscriptions/s/providers/Microsoft.Web/checknameavailability${webVersion}`
    const { json } = await bed.call('POST', url, { body: { name, type: 'Site' } })
    return [json.nameAvailable, json.reason]
  }
  assert.deepEqual(await check('SHOP'), [false, 'AlreadyExists'])
  assert.deepEqual(await check('blog'), [true, ''])
  assert.deepEqual(await check('a b'), [false, 'Invalid'])
})

test('BizTalk hybrid connections are empty, and not to be made', async () => {
  await using bed = await openWebBed()
  await bed.call('PUT', siteUrl('shop', '/slots/s'), { body: { location: 'westus2' } })
  for (const slot of ['', '/slots/s']) {
    const list = await bed.call('GET', siteUrl('shop', `${slot}/hybridconnection`))
    assert.deepEqual([list.status, list.json], [200, { value: [], nextLink: null, id: null }])
    const one = siteUrl('shop', `${slot}/hybridconnection/x`)
    const statuses = [
      (await bed.call('GET', one)).status,
      (await bed.call('PUT', one, { body: {} })).status,
      (await bed.call('PATCH', one, { body: {} })).status,
      (await bed.call('DELETE', one)).status,
    ]
    assert.deepEqual(statuses, [404, 400, 404, 404])
  }
})
