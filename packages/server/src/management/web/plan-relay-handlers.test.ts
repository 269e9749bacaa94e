import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ArmBed } from '../arm-calls.contract.ts'
import { attach, openWebBed, planUrl, putApp, relayNamespace, relayPath, siteUrl, web } from './web.contract.ts'

const limitOf = async (bed: ArmBed, plan = 'plan'): Promise<unknown> =>
  (await bed.call('GET', planUrl(plan, '/hybridConnectionPlanLimits/limit'))).json.properties

test('a plan shows what its apps use, which ones, and how much is left', async () => {
  await using bed = await openWebBed({ relays: ['db', 'mail'], apps: ['shop', 'blog'] })
  await bed.call('PUT', siteUrl('shop', '/slots/staging'), { body: { location: 'westus2' } })
  for (const app of ['shop', 'blog', 'shop/slots/staging']) await attach(bed, app, 'db')
  await attach(bed, 'blog', 'mail')
  assert.deepEqual(await limitOf(bed), { current: 2, maximum: 25 })
  const list = await bed.call('GET', planUrl('plan', '/hybridConnectionRelays'))
  assert.deepEqual(
    list.json.value.map(({ id }: { id: string }) => id),
    ['db', 'mail'].map((relay) => `${web}/serverfarms/plan/hybridConnectionNamespaces/contoso/relays/${relay}`),
  )
  const one = await bed.call('GET', planUrl('plan', relayPath('DB')))
  assert.deepEqual(one.json, list.json.value[0])
  assert.equal(one.json.type, 'Microsoft.Web/serverfarms/hybridConnectionNamespaces/relays')
  const users = await bed.call('GET', planUrl('plan', `${relayPath('db')}/sites`))
  assert.deepEqual(
    users.json.value.map((text: string) => JSON.parse(text)),
    [
      { name: 'blog', id: `${web}/sites/blog` },
      { name: 'shop', id: `${web}/sites/shop` },
      { name: 'shop', id: `${web}/sites/shop/slots/staging` },
    ],
  )
  const keys = await bed.call('POST', planUrl('plan', `${relayPath('db')}/listKeys`))
  assert.deepEqual(keys.json.properties, { sendKeyName: 'defaultSender', sendKeyValue: 'send-1' })
  assert.equal((await bed.call('POST', planUrl('plan', `${relayPath('db')}/listGatewayKeys`))).status, 200)
  assert.equal((await bed.call('DELETE', planUrl('plan', relayPath('db')))).status, 200)
  assert.equal((await bed.call('DELETE', planUrl('plan', relayPath('db')))).status, 204)
  assert.equal((await bed.call('GET', planUrl('plan', relayPath('db')))).status, 404)
  assert.equal((await bed.call('GET', siteUrl('shop', `/slots/staging${relayPath('db')}`))).status, 404)
  assert.deepEqual(await limitOf(bed), { current: 1, maximum: 25 })
})

test('who may manage a plan gets the send keys of its apps only where he may list keys', async () => {
  await using bed = await openWebBed()
  await attach(bed, 'shop', 'db')
  await bed.assign('manager', 'Contributor', `${web}/serverfarms/plan`)
  await bed.assign('manager', 'Reader', relayNamespace)
  for (const keys of ['listKeys', 'listGatewayKeys']) {
    const refused = await bed.call('POST', planUrl('plan', `${relayPath('db')}/${keys}`), { as: 'manager' })
    assert.equal(refused.status, 403)
    assert.match(refused.json.error.message, /hybridConnections\/authorizationRules\/listKeys\/action/)
  }
})

test('the last place of a plan is taken once, and what is counted may always be attached again', async () => {
  const relays = Array.from({ length: 12 }, (_, at) => `hc${at}`)
  const apps = ['a', 'b', 'c']
  await using bed = await openWebBed({ relays, apps, sku: 'B1' })
  const outcomes = await Promise.all(relays.map((relay, at) => attach(bed, apps[at % 3]!, relay)))
  const attached = relays.filter((_, at) => outcomes[at]?.status === 200)
  assert.equal(attached.length, 5, 'all at once, no more than there are places')
  const refused = outcomes.find(({ status }) => status !== 200)!
  assert.deepEqual([refused.status, refused.json.error.code, refused.json.Code], [409, 'Conflict', 'Conflict'])
  assert.match(refused.json.error.message, /The plan 'plan' may use 5 hybrid connections in tier Basic/)
  assert.deepEqual(await limitOf(bed), { current: 5, maximum: 5 })
  for (const app of apps) {
    for (const relay of attached) assert.equal((await attach(bed, app, relay)).status, 200)
  }
  assert.deepEqual(await limitOf(bed), { current: 5, maximum: 5 })
  await bed.call('DELETE', planUrl('plan', relayPath(attached[0]!)))
  const late = relays.find((relay) => !attached.includes(relay))!
  assert.equal((await attach(bed, 'a', late)).status, 200)
})

test('tiers without hybrid connections say so', async () => {
  await using bed = await openWebBed({ apps: [] })
  for (const sku of ['F1', 'D1', 'Y1']) {
    await bed.call('PUT', planUrl(sku), { body: { location: 'westus2', sku: { name: sku } } })
    await putApp(bed, `app-${sku}`, sku)
    const refused = await attach(bed, `app-${sku}`, 'db')
    assert.equal(refused.status, 409, sku)
    assert.match(refused.json.error.message, /need a plan of tier Basic, Standard, Premium or Isolated/)
    assert.deepEqual(await limitOf(bed, sku), { current: 0, maximum: 0 })
  }
})
