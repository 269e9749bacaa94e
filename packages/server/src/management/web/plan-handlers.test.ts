import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attach, group, openWebBed, planUrl, putApp, putRelay, siteUrl, web, webVersion } from './web.contract.ts'

test('a plan is made, read, listed, changed and deleted', async () => {
  await using bed = await openWebBed({ apps: [] })
  const made = await bed.call('PUT', planUrl('Premium'), {
    body: {
      location: 'West US 2',
      kind: 'linux',
      tags: { a: 'b' },
      sku: { Name: 'P1v3', capacity: 2 },
      properties: { reserved: true },
    },
  })
  assert.equal(made.status, 200)
  assert.deepEqual(made.json, {
    id: `${web}/serverfarms/Premium`,
    name: 'Premium',
    type: 'Microsoft.Web/serverfarms',
    kind: 'linux',
    location: 'West US 2',
    tags: { a: 'b' },
    properties: {
      name: 'Premium',
      status: 'Ready',
      provisioningState: 'Succeeded',
      subscription: 's',
      resourceGroup: 'g',
      geoRegion: 'West US 2',
      numberOfSites: 0,
      numberOfWorkers: 2,
      reserved: true,
    },
    sku: { name: 'P1v3', tier: 'PremiumV3', size: 'P1v3', family: 'Pv3', capacity: 2 },
  })
  assert.deepEqual((await bed.call('GET', planUrl('PREMIUM'))).json, made.json)
  const names = async (url: string): Promise<string[]> =>
    (await bed.call('GET', url)).json.value.map(({ name }: { name: string }) => name)
  assert.deepEqual(await names(`${web}/serverfarms${webVersion}`), ['plan', 'Premium'])
  assert.deepEqual(
    await names(`/subscriptions/s/providers/Microsoft.Web/serverfarms${webVersion}&detailed=true&$top=1`),
    ['plan'],
  )
  const patched = await bed.call('PATCH', planUrl('premium'), { body: { sku: { tier: 'Standard' } } })
  assert.deepEqual([patched.json.name, patched.json.sku.name, patched.json.tags], ['Premium', 'S1', { a: 'b' }])
  const replaced = await bed.call('PUT', planUrl('premium'), { body: { location: 'westus2', tags: {} } })
  assert.deepEqual([replaced.json.sku.name, replaced.json.tags, replaced.json.kind], ['S1', {}, 'linux'])
  assert.equal((await bed.call('DELETE', planUrl('premium'))).status, 200)
  assert.equal((await bed.call('DELETE', planUrl('premium'))).status, 204)
  assert.equal((await bed.call('GET', planUrl('premium'))).status, 404)
  assert.equal((await bed.call('PATCH', planUrl('premium'), { body: {} })).status, 404)
})

test('what no plan can be is refused', async () => {
  await using bed = await openWebBed()
  const put = async (name: string, body: unknown): Promise<number> =>
    (await bed.call('PUT', planUrl(name), { body })).status
  assert.equal(await put('p', { location: 'x', sku: { name: 'Z9' } }), 400)
  assert.equal(await put('p', { location: 'x', sku: { tier: 'Golden' } }), 400)
  assert.equal(await put('p', { location: 'x', sku: { name: 'S1', capacity: -1 } }), 400)
  assert.equal(await put('p%2Fq', { location: 'x' }), 400)
  assert.equal(await put('p', {}), 400)
  assert.equal(await put('plan', { location: 'eastus' }), 409)
  const noGroup = planUrl('p').replace('resourceGroups/g', 'resourceGroups/none')
  assert.equal((await bed.call('PUT', noGroup, { body: { location: 'x' } })).status, 404)
})

test('a plan with apps cannot be deleted', async () => {
  await using bed = await openWebBed({ apps: ['shop', 'blog'] })
  const refused = await bed.call('DELETE', planUrl('plan'))
  assert.equal(refused.status, 409)
  assert.match(refused.json.error.message, /has web app\(s\) blog and 1 more assigned to it/)
  assert.equal(refused.json.Code, 'Conflict')
  assert.equal((await bed.call('GET', planUrl('plan'))).json.properties.numberOfSites, 2)
  const sites = (await bed.call('GET', planUrl('plan', '/sites'))).json.value
  assert.deepEqual(
    sites.map(({ name }: { name: string }) => name),
    ['blog', 'shop'],
  )
  for (const app of ['shop', 'blog']) await bed.call('DELETE', siteUrl(app))
  assert.equal((await bed.call('DELETE', planUrl('plan'))).status, 200)
})

test('a plan shrinks only as far as what its apps use fits in', async () => {
  const relays = Array.from({ length: 6 }, (_, at) => `hc${at}`)
  await using bed = await openWebBed({ relays, apps: ['a', 'b'] })
  for (const [at, relay] of relays.entries()) {
    assert.equal((await attach(bed, at % 2 ? 'a' : 'b', relay)).status, 200)
  }
  const scale = (name: string) => bed.call('PATCH', planUrl('plan'), { body: { sku: { name } } })
  const refused = await scale('B1')
  assert.equal(refused.status, 409)
  assert.match(refused.json.error.message, /may use 5 hybrid connections in tier Basic; with this there would be 6/)
  assert.match((await scale('F1')).json.error.message, /'plan' has tier Free/)
  assert.equal((await bed.call('GET', planUrl('plan'))).json.sku.name, 'S1')
  // Made anew, a hybrid connection is another one: nobody has attached it.
  await bed.store.delete('hc/contoso/hc0')
  await putRelay(bed.store, 'hc0', { createdAt: new Date(Date.now() + 60_000) })
  assert.equal((await scale('B1')).status, 200)
})

test('whoever may not use a plan cannot put an app into it', async () => {
  await using bed = await openWebBed()
  await bed.assign('builder', 'Contributor', `${web}/sites/mine`)
  const refused = await putApp(bed, 'mine', 'plan', 'builder')
  assert.equal(refused.status, 403)
  assert.match(refused.json.error.message, /serverfarms\/join\/action/)
  await bed.assign('builder', 'Contributor', `${web}/serverfarms/plan`)
  assert.equal((await putApp(bed, 'mine', 'plan', 'builder')).status, 200)
})

test('a subscription lists to each caller the plans and apps that he may read', async () => {
  await using bed = await openWebBed({ apps: ['shop', 'blog'] })
  await bed.assign('reader', 'Reader', `${web}/sites/blog`)
  const names = async (type: string): Promise<string[]> =>
    (
      await bed.call('GET', `/subscriptions/s/providers/Microsoft.Web/${type}${webVersion}`, { as: 'reader' })
    ).json.value.map(({ name }: { name: string }) => name)
  assert.deepEqual([await names('sites'), await names('serverfarms')], [['blog'], []])
  assert.equal(
    (await bed.call('GET', `${group}/providers/Microsoft.Web/sites${webVersion}`, { as: 'reader' })).status,
    403,
  )
})
