import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { ArmBed } from './arm-calls.contract.ts'
import { deleteAtomEntity } from './atom/atom-entities.ts'
import { addPrincipal } from './authorization/authorization-setup.contract.ts'
import { group, openWebBed, planUrl, putRelay, relayNamespace, siteUrl, web } from './web/web.contract.ts'

const relayVersion = '?api-version=2021-11-01'
const hybridConnections = `${relayNamespace}/hybridConnections`

/** Scopes at which `ann` has a role. */
function scopesOfAnn({ parts }: ArmBed): readonly string[] {
  return parts.roles
    .assignmentsOf(['ann'])
    .map(({ scope }) => scope)
    .toSorted()
}

test('the roles at a namespace and below end with it, and a later one of that name does not inherit them', async () => {
  await using bed = await openWebBed({ relays: ['db'] })
  await bed.assign('ann', 'Owner', relayNamespace)
  await bed.assign('ann', 'Azure Relay Listener', `${hybridConnections}/db`)
  await bed.assign('ann', 'Reader', `${relayNamespace}2`)
  const url = `${relayNamespace}${relayVersion}`
  assert.equal((await bed.call('DELETE', url, { as: 'ann' })).status, 202)
  assert.deepEqual(scopesOfAnn(bed), [`${relayNamespace}2`])
  const body = { location: 'westus2' }
  await bed.call('PUT', url, { body })
  assert.equal((await bed.call('GET', url)).status, 200)
  assert.equal((await bed.call('GET', url, { as: 'ann' })).status, 403)
})

test('the roles at a hybrid connection end with it by ARM and by ATOM, not those at another one under its name', async () => {
  await using bed = await openWebBed({ relays: ['site', 'site/web', 'mail'] })
  for (const name of ['site', 'site/web', 'mail']) {
    await bed.assign('ann', 'Azure Relay Sender', `${hybridConnections}/${name}`)
  }
  assert.equal((await bed.call('DELETE', `${hybridConnections}/site${relayVersion}`)).status, 200)
  assert.deepEqual(scopesOfAnn(bed), [`${hybridConnections}/mail`, `${hybridConnections}/site/web`])
  const namespace = bed.parts.catalog.namespaceByName('contoso')!
  const anyRevision = { ifMatch: undefined, ifNoneMatch: undefined }
  await deleteAtomEntity(bed.parts, { namespace, name: 'mail' }, anyRevision)
  assert.deepEqual(scopesOfAnn(bed), [`${hybridConnections}/site/web`])
})

test('the roles at an app, a slot and a plan end with them', async () => {
  await using bed = await openWebBed()
  await bed.call('PUT', siteUrl('shop', '/slots/staging'), { body: { location: 'westus2' } })
  const [plan, site] = [`${web}/serverfarms/plan`, `${web}/sites/shop`]
  for (const scope of [plan, site, `${site}/slots/staging`]) await bed.assign('ann', 'Reader', scope)
  assert.equal((await bed.call('DELETE', siteUrl('shop', '/slots/staging'))).status, 200)
  assert.deepEqual(scopesOfAnn(bed), [plan, site])
  assert.equal((await bed.call('DELETE', siteUrl('shop'))).status, 200)
  assert.deepEqual(scopesOfAnn(bed), [plan])
  assert.equal((await bed.call('DELETE', planUrl('plan'))).status, 200)
  assert.deepEqual(scopesOfAnn(bed), [])
})

test('the roles at a resource group and everywhere in it end with it', async () => {
  await using bed = await openWebBed({ relays: ['db'] })
  const inside = [group, relayNamespace, `${hybridConnections}/db`, `${web}/serverfarms/plan`, `${web}/sites/shop`]
  for (const scope of [...inside, '/subscriptions/s']) await bed.assign('ann', 'Reader', scope)
  assert.ok((await bed.call('DELETE', `${group}?api-version=2021-04-01`)).status < 300)
  assert.deepEqual(scopesOfAnn(bed), ['/subscriptions/s'])
})

test('what is not deleted keeps its roles', async () => {
  await using bed = await openWebBed()
  await putRelay(bed.store, 'declared', { origin: 'declared' })
  const scopes = [`${hybridConnections}/db`, `${hybridConnections}/declared`, `${web}/serverfarms/plan`]
  for (const scope of scopes) await bed.assign('ann', 'Reader', scope)
  const stale = { headers: { 'if-match': '"stale"' } }
  assert.equal((await bed.call('DELETE', `${scopes[0]}${relayVersion}`, stale)).status, 412)
  assert.equal((await bed.call('DELETE', `${scopes[1]}${relayVersion}`)).status, 409)
  assert.equal((await bed.call('DELETE', planUrl('plan'))).status, 409, 'an app is in it')
  assert.deepEqual(scopesOfAnn(bed), scopes)
})

test('a role that is assigned while its scope is deleted does not stay', async () => {
  await using bed = await openWebBed({ relays: ['db'] })
  const scope = `${hybridConnections}/db`
  const principalId = await addPrincipal(bed)
  const gate = Promise.withResolvers<void>()
  // Changes of roles take turns: this one lets the next wait until the scope is gone.
  const earlier = bed.parts.roleChanges.shutOut('somebody', () => gate.promise)
  const roleDefinitionId = '26e0b698-aa6d-4085-9386-aadae190014d'
  const assigning = bed.call(
    'PUT',
    `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`,
    { body: { properties: { roleDefinitionId, principalId } } },
  )
  assert.equal((await bed.call('DELETE', `${scope}${relayVersion}`)).status, 200)
  gate.resolve()
  await earlier
  assert.equal((await assigning).status, 404)
  assert.deepEqual(bed.parts.roles.assignmentsOf([principalId]), [])
})
