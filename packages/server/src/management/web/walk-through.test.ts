// The walk-through of the feature's documentation: one test, because each step stands on the one before.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { group, openWebBed, planUrl, relayNamespace, relayPath, siteUrl, web } from './web.contract.ts'

const relayVersion = '?api-version=2021-11-01'

test('created, attached to two apps, listed, limited, refused to a Reader, rotated, detached', async () => {
  await using bed = await openWebBed({ relays: [], apps: ['shop', 'blog'], sku: 'B1' })
  const relayUrl = (name: string, below = '') => `${relayNamespace}/hybridConnections/${name}${below}${relayVersion}`
  const create = async (name: string): Promise<void> => {
    const userMetadata = JSON.stringify([{ key: 'endpoint', value: `${name}.corp:1433` }])
    await bed.call('PUT', relayUrl(name), { body: { properties: { userMetadata } } })
    for (const [rule, right] of [
      ['defaultListener', 'Listen'],
      ['defaultSender', 'Send'],
    ]) {
      const body = { properties: { rights: [right] } }
      assert.equal((await bed.call('PUT', relayUrl(name, `/authorizationRules/${rule}`), { body })).status, 200)
    }
  }
  const keysOf = async (name: string): Promise<{ primaryKey: string; secondaryKey: string }> =>
    (await bed.call('POST', relayUrl(name, '/authorizationRules/defaultSender/listKeys'))).json
  // What `az webapp hybrid-connection add` sends.
  const attach = async (app: string, name: string, as = 'owner') => {
    const { primaryKey } = await keysOf(name)
    const properties = {
      serviceBusNamespace: 'contoso',
      relayName: name,
      relayArmUri: `${relayNamespace}/hybridConnections/${name}`,
      hostname: `${name}.corp`,
      port: 1433,
      sendKeyName: 'defaultSender',
      ...(as === 'owner' && { sendKeyValue: primaryKey }),
      serviceBusSuffix: '.servicebus.windows.net',
    }
    return bed.call('PUT', siteUrl(app, relayPath(name)), { as, body: { properties } })
  }
  const names = ['hc1', 'hc2', 'hc3', 'hc4', 'hc5', 'hc6']
  for (const name of names) await create(name)

  // Two apps use one: it counts once, and the plan says who they are.
  for (const app of ['shop', 'blog']) assert.equal((await attach(app, 'hc1')).status, 200)
  const limit = async (): Promise<unknown> =>
    (await bed.call('GET', planUrl('plan', '/hybridConnectionPlanLimits/limit'))).json.properties
  assert.deepEqual(await limit(), { current: 1, maximum: 5 })
  const users = (await bed.call('GET', planUrl('plan', `${relayPath('hc1')}/sites`))).json.value
  assert.deepEqual(
    users.map((text: string) => JSON.parse(text).id),
    [`${web}/sites/blog`, `${web}/sites/shop`],
  )

  // Five fit, the sixth does not; what is counted goes to another app all the same.
  for (const name of names.slice(1, 5)) assert.equal((await attach('shop', name)).status, 200)
  const full = await attach('shop', 'hc6')
  assert.deepEqual([full.status, full.json.Code], [409, 'Conflict'])
  assert.equal((await attach('blog', 'hc5')).status, 200)
  assert.deepEqual(await limit(), { current: 5, maximum: 5 })

  // A Reader of the relay who may do everything with his app sees it and cannot add it.
  await bed.assign('reader', 'Reader', group)
  await bed.assign('reader', 'Contributor', `${web}/sites/blog`)
  assert.equal((await bed.call('GET', relayUrl('hc2'), { as: 'reader' })).status, 200)
  const refused = await attach('blog', 'hc2', 'reader')
  assert.equal(refused.status, 403)
  assert.match(refused.json.error.message, /hybridConnections\/authorizationRules\/listKeys\/action/)

  // A regenerated key is the apps' at once; the secondary one is taken as `set-key` does it.
  const before = await keysOf('hc1')
  const body = { keyType: 'PrimaryKey' }
  await bed.call('POST', relayUrl('hc1', '/authorizationRules/defaultSender/regenerateKeys'), { body })
  const after = await keysOf('hc1')
  assert.notEqual(after.primaryKey, before.primaryKey)
  const used = async (app: string): Promise<string> =>
    (await bed.call('POST', siteUrl(app, `${relayPath('hc1')}/listKeys`))).json.properties.sendKeyValue
  assert.equal(await used('shop'), after.primaryKey)
  const setKey = { properties: { sendKeyName: 'defaultSender', sendKeyValue: after.secondaryKey } }
  assert.equal((await bed.call('PATCH', siteUrl('shop', relayPath('hc1')), { body: setKey })).status, 200)
  assert.deepEqual([await used('shop'), await used('blog')], [after.secondaryKey, after.primaryKey])

  // Detached from one app it is still the other's; detached from both, its place is free.
  assert.equal((await bed.call('DELETE', siteUrl('shop', relayPath('hc1')))).status, 200)
  assert.deepEqual(await limit(), { current: 5, maximum: 5 })
  assert.equal((await bed.call('DELETE', siteUrl('blog', relayPath('hc1')))).status, 200)
  assert.deepEqual(await limit(), { current: 4, maximum: 5 })
  assert.equal((await attach('blog', 'hc6')).status, 200)
})
