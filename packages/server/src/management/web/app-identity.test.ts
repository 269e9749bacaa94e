import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tenantId } from '../../domain/tenant.ts'
import type { ArmBed } from '../arm-calls.contract.ts'
import { group, openWebBed, siteUrl, web } from './web.contract.ts'

const credentials = (app: string, id = '') => `${web}/sites/${app}/connectorCredentials${id}?api-version=2026-11-01`

const identity = (type: string) => ({ body: { identity: { type } } })

/** Principals of apps that there are. */
function appsIn(bed: ArmBed): readonly string[] {
  return bed.parts.identity.directory
    .list()
    .filter(({ kind }) => kind === 'app')
    .map(({ displayName }) => displayName)
    .toSorted()
}

test('an app and each of its slots get an identity, and lose it', async () => {
  await using bed = await openWebBed()
  const made = await bed.call('PATCH', siteUrl('shop'), identity('systemAssigned'))
  const { principalId } = made.json.identity
  assert.deepEqual(made.json.identity, { type: 'SystemAssigned', principalId, tenantId })
  assert.equal(bed.parts.identity.directory.find(principalId)?.kind, 'app')
  const slot = siteUrl('shop', '/slots/staging')
  const staging = await bed.call('PUT', slot, { body: { location: 'westus2', identity: { type: 'SystemAssigned' } } })
  assert.notEqual(staging.json.identity.principalId, principalId)
  assert.deepEqual(appsIn(bed), ['shop', 'shop/slots/staging'])
  // Asked for again, it stays the same; not spoken of, too.
  assert.equal(
    (await bed.call('PATCH', siteUrl('shop'), identity('SystemAssigned'))).json.identity.principalId,
    principalId,
  )
  assert.equal((await bed.call('PATCH', siteUrl('shop'), { body: {} })).json.identity.principalId, principalId)
  await bed.assign(principalId, 'Azure Relay Sender', group)
  const gone = await bed.call('PATCH', siteUrl('shop'), identity('None'))
  assert.equal(gone.json.identity, undefined)
  assert.deepEqual(appsIn(bed), ['shop/slots/staging'])
  assert.deepEqual(bed.parts.roles.assignmentsOf([principalId]), [], 'what it might do is gone too')
  assert.equal((await bed.call('DELETE', slot)).status, 200)
  assert.deepEqual(appsIn(bed), [])
  assert.equal((await bed.call('PATCH', siteUrl('shop'), identity('UserAssigned'))).status, 400)
})

test('two that give an app its identity at once give it one', async () => {
  await using bed = await openWebBed()
  const both = await Promise.all([1, 2, 3].map(() => bed.call('PATCH', siteUrl('shop'), identity('SystemAssigned'))))
  assert.equal(new Set(both.map(({ json }) => json.identity.principalId)).size, 1)
  assert.deepEqual(appsIn(bed), ['shop'])
})

test('identities go with their app and with its resource group', async () => {
  await using bed = await openWebBed({ apps: ['shop', 'blog'] })
  for (const app of ['shop', 'blog']) await bed.call('PATCH', siteUrl(app), identity('SystemAssigned'))
  assert.equal((await bed.call('DELETE', siteUrl('shop'), { headers: { 'if-match': '"other"' } })).status, 412)
  assert.deepEqual(appsIn(bed), ['blog', 'shop'])
  await bed.call('DELETE', siteUrl('shop'))
  assert.deepEqual(appsIn(bed), ['blog'])
  await bed.call('DELETE', `${group}?api-version=2021-04-01`)
  assert.deepEqual(appsIn(bed), [])
})

test('a secret of a connector is shown once, listed without it, and deleted', async () => {
  await using bed = await openWebBed()
  assert.equal((await bed.call('POST', credentials('shop'))).status, 409, 'it has no identity')
  const { principalId } = (await bed.call('PATCH', siteUrl('shop'), identity('SystemAssigned'))).json.identity
  const made = await bed.call('POST', credentials('shop'), { body: { displayName: 'web-1' } })
  assert.equal(made.status, 201)
  const { credentialId, clientId, clientSecret } = made.json
  assert.deepEqual(made.json, {
    credentialId,
    tenantId,
    clientId,
    principalId,
    clientSecret,
    tokenEndpoint: `https://manage.relay.test/${tenantId}/oauth2/v2.0/token`,
    scope: 'https://manage.relay.test/.default',
  })
  assert.equal(bed.parts.identity.directory.findByClientId(clientId)?.id, principalId)
  const list = await bed.call('GET', credentials('shop'))
  assert.equal(list.json.value[0].displayName, 'web-1')
  assert.ok(!JSON.stringify([list.json, await bed.store.list()]).includes(clientSecret))
  const url = credentials('shop', `/${credentialId.toUpperCase()}`)
  assert.equal((await bed.call('DELETE', url)).status, 200)
  assert.equal((await bed.call('DELETE', url)).status, 204)
})

test('whoever makes a secret could give the app its roles, or the app has none', async () => {
  await using bed = await openWebBed()
  const { principalId } = (await bed.call('PATCH', siteUrl('shop'), identity('SystemAssigned'))).json.identity
  await bed.assign('builder', 'Contributor', `${web}/sites/shop`)
  await bed.assign('reader', 'Reader', group)
  assert.equal((await bed.call('POST', credentials('shop'), { as: 'reader' })).status, 403)
  assert.equal((await bed.call('POST', credentials('shop'), { as: 'builder' })).status, 201)
  await bed.assign(principalId, 'Owner', group)
  const refused = await bed.call('POST', credentials('shop'), { as: 'builder' })
  assert.equal(refused.status, 403)
  assert.match(refused.json.error.message, /roleAssignments\/write/)
})
