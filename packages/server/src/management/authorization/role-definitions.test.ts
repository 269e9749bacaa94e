import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { type ArmBed, type Json, openArmBed } from '../arm-calls.contract.ts'
import { addPrincipal } from './authorization-setup.contract.ts'

const version = '?api-version=2022-04-01'
const authorization = 'providers/Microsoft.Authorization'
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
const group = '/subscriptions/s/resourceGroups/g'

interface Wanted {
  readonly id?: string
  readonly as?: string
  readonly properties?: Readonly<Record<string, unknown>>
}

function define(bed: ArmBed, scope: string, wanted: Wanted = {}): ReturnType<ArmBed['call']> {
  const { id = randomUUID(), as = 'owner', properties = {} } = wanted
  return bed.call('PUT', `${scope}/${authorization}/roleDefinitions/${id}${version}`, {
    as,
    body: {
      properties: {
        roleName: `Role ${id}`,
        type: 'CustomRole',
        permissions: [{ actions: ['Microsoft.Relay/*/read'], notActions: null }],
        assignableScopes: [scope === '' ? '/' : scope],
        ...properties,
      },
    },
  })
}

const names = async (bed: ArmBed, scope: string, filter?: string, as = 'owner'): Promise<string[]> => {
  const query = filter === undefined ? '' : `&$filter=${encodeURIComponent(filter)}`
  const reply = await bed.call('GET', `${scope}/${authorization}/roleDefinitions${version}${query}`, { as })
  assert.equal(reply.status, 200, JSON.stringify(reply.json))
  return reply.json.value.map(({ properties }: Json) => properties.roleName).toSorted()
}

test('built-in roles have the ids and the shape of Azure, at every scope', async () => {
  await using bed = await openArmBed()
  const found = await bed.call('GET', `${group}/${authorization}/roleDefinitions/${reader.toUpperCase()}${version}`)
  assert.deepEqual(found.json, {
    id: `/subscriptions/s/${authorization}/roleDefinitions/${reader}`,
    name: reader,
    type: 'Microsoft.Authorization/roleDefinitions',
    properties: {
      roleName: 'Reader',
      type: 'BuiltInRole',
      description: 'View all resources, but does not allow you to make any changes.',
      assignableScopes: ['/'],
      permissions: [{ actions: ['*/read'], notActions: [], dataActions: [], notDataActions: [] }],
      createdOn: null,
      updatedOn: null,
      createdBy: null,
      updatedBy: null,
    },
  })
  const atRoot = await bed.call('GET', `/${authorization}/roleDefinitions/${reader}?api-version=2015-07-01`)
  assert.equal(atRoot.json.id, `/${authorization}/roleDefinitions/${reader}`)
  assert.deepEqual(atRoot.json.properties.permissions, [{ actions: ['*/read'], notActions: [] }])
  assert.deepEqual(await names(bed, '/subscriptions/s', "roleName eq 'reader'"), ['Reader'])
  assert.equal((await names(bed, '', "type eq 'BuiltInRole'")).length, 6)
  assert.deepEqual(await names(bed, '', "type eq 'CustomRole'"), [])
})

test('a custom role is made, changed and deleted; what it allows changes at once', async () => {
  await using bed = await openArmBed()
  const principal = await addPrincipal(bed)
  const id = randomUUID()
  const made = await define(bed, '/subscriptions/s', { id, properties: { roleName: 'Looker', description: 'looks' } })
  assert.deepEqual(
    [made.status, made.json.id, made.json.properties.type, made.json.properties.createdBy],
    [201, `/subscriptions/s/${authorization}/roleDefinitions/${id}`, 'CustomRole', 'owner'],
  )
  assert.deepEqual(made.json.properties.permissions, [
    { actions: ['Microsoft.Relay/*/read'], notActions: [], dataActions: [], notDataActions: [] },
  ])
  await bed.assign(principal, id, '/subscriptions/s')
  const list = (): Promise<string[]> => names(bed, '/subscriptions/s', "roleName eq 'Looker'", principal)
  await assert.rejects(list())
  const changed = await define(bed, '/subscriptions/s', {
    id,
    properties: { roleName: 'Looker', permissions: [{ actions: ['*/read'] }] },
  })
  assert.deepEqual([changed.status, changed.json.properties.createdOn], [201, made.json.properties.createdOn])
  assert.deepEqual(await list(), ['Looker'])
  const url = `${made.json.id}${version}`
  const inUse = await bed.call('DELETE', url)
  assert.deepEqual([inUse.status, inUse.json.error.code], [400, 'RoleDefinitionHasAssignments'])
  for (const { key, document } of bed.parts.documents.list('roleAssignment')) {
    if (document.value.roleDefinitionId === id) await bed.store.delete(key)
  }
  assert.deepEqual((await bed.call('DELETE', url)).json, changed.json)
  assert.equal((await bed.call('DELETE', url)).status, 204)
  const gone = await bed.call('GET', url)
  assert.deepEqual([gone.status, gone.json.error.code], [404, 'RoleDefinitionDoesNotExist'])
})

test('built-in roles cannot be changed, deleted or doubled', async () => {
  await using bed = await openArmBed()
  for (const reply of [
    await define(bed, '/subscriptions/s', { id: reader }),
    await bed.call('DELETE', `/${authorization}/roleDefinitions/${reader.toUpperCase()}${version}`),
    await define(bed, '/subscriptions/s', { properties: { roleName: 'OWNER' } }),
  ]) {
    assert.equal(reply.status, 409, JSON.stringify(reply.json))
  }
  const replies = await Promise.all(
    Array.from({ length: 4 }, () => define(bed, '/subscriptions/s', { properties: { roleName: 'Twin' } })),
  )
  assert.deepEqual(
    replies.map(({ status }) => status).toSorted((a, b) => a - b),
    [201, 409, 409, 409],
  )
})

test('a custom role is written only by whoever may at every scope that it reaches or reached', async () => {
  await using bed = await openArmBed()
  await bed.call('PUT', `${group}?api-version=2021-04-01`, { body: { location: 'x' } })
  await bed.assign('local', 'Owner', group)
  const id = randomUUID()
  assert.equal((await define(bed, group, { id, as: 'local' })).status, 201)
  for (const assignableScopes of [[group, '/'], [group, '/subscriptions/s'], ['/subscriptions/t']]) {
    const reply = await define(bed, group, { id, as: 'local', properties: { assignableScopes } })
    assert.ok([400, 403].includes(reply.status), JSON.stringify(assignableScopes))
  }
  const wide = randomUUID()
  await define(bed, '/subscriptions/s', { id: wide })
  const narrowed = await define(bed, group, {
    id: wide,
    as: 'local',
    properties: { permissions: [{ actions: ['*'] }] },
  })
  assert.deepEqual([narrowed.status, narrowed.json.error.code], [403, 'AuthorizationFailed'])
  const url = `${group}/${authorization}/roleDefinitions/${wide}${version}`
  assert.equal((await bed.call('DELETE', url, { as: 'local' })).status, 403)
  assert.equal((await bed.call('GET', url, { as: 'local' })).status, 200)
  await bed.assign('contributor', 'Contributor', '/')
  assert.equal((await define(bed, group, { as: 'contributor' })).status, 403)
})

test('a custom role is assignable within its scopes, and keeps those where it is assigned', async () => {
  await using bed = await openArmBed()
  const principal = await addPrincipal(bed)
  const made = await define(bed, '/subscriptions/s')
  const assign = (scope: string): ReturnType<ArmBed['call']> =>
    bed.call('PUT', `${scope}/${authorization}/roleAssignments/${randomUUID()}${version}`, {
      body: { properties: { roleDefinitionId: made.json.id, principalId: principal } },
    })
  const elsewhere = await assign('/subscriptions/t')
  assert.deepEqual([elsewhere.status, elsewhere.json.error.code], [400, 'RoleDefinitionDoesNotExist'])
  assert.equal((await assign('/subscriptions/s')).status, 201)
  const moved = await define(bed, '/subscriptions/t', { id: made.json.name })
  assert.deepEqual([moved.status, moved.json.error.code], [400, 'RoleDefinitionHasAssignments'])
})

test('a list shows the custom roles that can be assigned at its scope, and those below when asked', async () => {
  await using bed = await openArmBed()
  await define(bed, '/subscriptions/s', { properties: { roleName: 'S' } })
  await define(bed, group, { properties: { roleName: 'G' } })
  await define(bed, '/subscriptions/t', { properties: { roleName: 'T' } })
  const custom = "type eq 'CustomRole'"
  assert.deepEqual(await names(bed, '/subscriptions/s', custom), ['S'])
  assert.deepEqual(await names(bed, group, custom), ['G', 'S'])
  assert.deepEqual(await names(bed, '/subscriptions/s', `atScopeAndBelow() and ${custom}`), ['G', 'S'])
  for (const filter of ['atScope()', "type ne 'x'", "roleName eq 'nobody' and x()"]) {
    const url = `/${authorization}/roleDefinitions${version}&$filter=${encodeURIComponent(filter)}`
    assert.equal((await bed.call('GET', url)).status, 400, filter)
  }
})

test('roles of strangers are bounded', async () => {
  await using bed = await openArmBed()
  const actions = (list: readonly unknown[]): Wanted => ({ properties: { permissions: [{ actions: list }] } })
  for (const wanted of [
    actions(['a b']),
    actions(['*****']),
    actions(['x'.repeat(300)]),
    actions([5]),
    actions(Array.from({ length: 201 }, () => '*')),
    { properties: { permissions: [] } },
    { properties: { permissions: Array.from({ length: 11 }, () => ({})) } },
    { properties: { roleName: '' } },
    { properties: { roleName: 'a\nb' } },
    { properties: { roleName: 'x'.repeat(129) } },
    { properties: { description: 'x'.repeat(1025) } },
    { properties: { assignableScopes: [] } },
    { properties: { assignableScopes: ['/subscriptions/s', '/nothing'] } },
    { properties: { assignableScopes: Array.from({ length: 101 }, () => '/subscriptions/s') } },
    { id: 'no-guid' },
  ]) {
    const reply = await define(bed, '/subscriptions/s', wanted)
    assert.deepEqual([reply.status, reply.json.error.code], [400, 'InvalidRequestContent'], JSON.stringify(wanted))
  }
})
