import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { type ArmBed, type Json, openArmBed } from '../arm-calls.contract.ts'
import { addEntity, addPrincipal } from './authorization-setup.contract.ts'

const version = '?api-version=2022-04-01'
const authorization = 'providers/Microsoft.Authorization'
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
const group = '/subscriptions/s/resourceGroups/g'
const namespace = `${group}/providers/Microsoft.Relay/namespaces/contoso`

interface Wanted {
  readonly name?: string
  readonly role?: string
  readonly as?: string
  readonly properties?: Readonly<Record<string, unknown>>
  readonly version?: string
}

function assign(bed: ArmBed, scope: string, principalId: string, wanted: Wanted = {}): ReturnType<ArmBed['call']> {
  const { name = randomUUID(), role = reader, as = 'owner', properties = {} } = wanted
  return bed.call('PUT', `${scope}/${authorization}/roleAssignments/${name}${wanted.version ?? version}`, {
    as,
    body: {
      properties: {
        roleDefinitionId: `/subscriptions/s/${authorization}/roleDefinitions/${role}`,
        principalId,
        ...properties,
      },
    },
  })
}

const list = async (bed: ArmBed, scope: string, filter?: string, as = 'owner'): Promise<Json[]> => {
  const query = filter === undefined ? '' : `&$filter=${encodeURIComponent(filter)}`
  const reply = await bed.call('GET', `${scope}/${authorization}/roleAssignments${version}${query}`, { as })
  assert.equal(reply.status, 200, JSON.stringify(reply.json))
  return reply.json.value
}

test('a role is assigned, found by its whole id, and taken away again', async () => {
  await using bed = await openArmBed()
  await addEntity(bed)
  const principal = await addPrincipal(bed)
  const name = randomUUID()
  const made = await assign(bed, namespace, principal, { name, properties: { principalType: 'ServicePrincipal' } })
  assert.equal(made.status, 201)
  const { createdOn, updatedOn, ...properties } = made.json.properties
  assert.ok(Date.parse(createdOn) <= Date.parse(updatedOn))
  assert.deepEqual(
    { ...made.json, properties },
    {
      id: `${namespace}/${authorization}/roleAssignments/${name}`,
      name,
      type: 'Microsoft.Authorization/roleAssignments',
      properties: {
        roleDefinitionId: `/subscriptions/s/${authorization}/roleDefinitions/${reader}`,
        principalId: principal,
        principalType: 'ServicePrincipal',
        scope: namespace,
        description: null,
        condition: null,
        conditionVersion: null,
        createdBy: 'owner',
        updatedBy: 'owner',
      },
    },
  )
  assert.deepEqual((await bed.call('GET', `${made.json.id}${version}`)).json, made.json)
  // The Python SDK writes the whole id, slash and all, behind its own slash.
  assert.deepEqual((await bed.call('GET', `/${made.json.id}${version}`)).json, made.json)
  assert.deepEqual((await bed.call('DELETE', `${made.json.id}${version}`)).json, made.json)
  assert.equal((await bed.call('DELETE', `${made.json.id}${version}`)).status, 204)
  const gone = await bed.call('GET', `${made.json.id}${version}`)
  assert.deepEqual([gone.status, gone.json.error.code], [404, 'RoleAssignmentNotFound'])
})

test('older versions answer in their own shape', async () => {
  await using bed = await openArmBed()
  const principal = await addPrincipal(bed)
  const oldest = await assign(bed, '/subscriptions/s', principal, { version: '?api-version=2015-07-01' })
  assert.deepEqual(Object.keys(oldest.json.properties), [
    'roleDefinitionId',
    'principalId',
    'scope',
    'createdOn',
    'updatedOn',
    'createdBy',
    'updatedBy',
  ])
  const url = oldest.json.id
  const middle = await bed.call('GET', `${url}?api-version=2018-01-01-preview`)
  assert.equal(middle.json.properties.principalType, 'ServicePrincipal')
  assert.equal('condition' in middle.json.properties, false)
  const newer = await bed.call('GET', `${url}?api-version=2020-04-01-preview`)
  assert.equal(newer.json.properties.condition, null)
})

test('the same role for the same principal at the same scope is there once, also when many ask at once', async () => {
  await using bed = await openArmBed()
  const principal = await addPrincipal(bed)
  const replies = await Promise.all(Array.from({ length: 8 }, () => assign(bed, '/subscriptions/s', principal)))
  assert.deepEqual(
    replies.map(({ status }) => status).toSorted((a, b) => a - b),
    [201, 409, 409, 409, 409, 409, 409, 409],
  )
  const refused = replies.find(({ status }) => status === 409)
  assert.equal(refused?.json.error.code, 'RoleAssignmentExists')
  assert.equal((await assign(bed, '/SUBSCRIPTIONS/s', principal.toUpperCase())).status, 409)
  assert.equal((await assign(bed, '/subscriptions/t', principal)).status, 201)
})

test('a PUT of the same assignment changes its description and nothing that it is', async () => {
  await using bed = await openArmBed()
  const [principal, other] = [await addPrincipal(bed), await addPrincipal(bed)]
  const name = randomUUID()
  await assign(bed, '/subscriptions/s', principal, { name })
  const described = await assign(bed, '/subscriptions/s', principal, { name, properties: { description: 'why' } })
  assert.deepEqual([described.status, described.json.properties.description], [200, 'why'])
  for (const change of [
    () => assign(bed, '/subscriptions/s', other, { name }),
    () => assign(bed, '/subscriptions/s', principal, { name, role: owner }),
    () => assign(bed, '/subscriptions/t', principal, { name }),
  ]) {
    const reply = await change()
    assert.deepEqual([reply.status, reply.json.error.code], [400, 'RoleAssignmentUpdateNotPermitted'])
  }
})

test('whoever may assign at a scope may assign there and below, and delete nothing elsewhere', async () => {
  await using bed = await openArmBed()
  await addEntity(bed)
  const [local, friend] = [await addPrincipal(bed), await addPrincipal(bed)]
  await bed.assign(local, 'Owner', group)
  await bed.assign('contributor', 'Contributor', '/')
  const above = await assign(bed, '/subscriptions/s', friend)
  for (const scope of ['', '/', '/subscriptions/s', '/subscriptions/s/resourceGroups/other', `${group}x`]) {
    const reply = await assign(bed, scope, local, { as: local, role: owner })
    assert.deepEqual([reply.status, reply.json.error.code], [403, 'AuthorizationFailed'], scope)
  }
  assert.equal((await assign(bed, `${namespace}/hybridConnections/db`, friend, { as: local })).status, 201)
  assert.equal((await assign(bed, group, friend, { as: 'contributor' })).status, 403)
  // Named below one's own scope, an assignment that stands above it is not there.
  const name = above.json.name
  const below = `${group}/${authorization}/roleAssignments/${name}${version}`
  assert.equal((await bed.call('GET', below, { as: local })).status, 404)
  assert.equal((await bed.call('DELETE', below, { as: local })).status, 204)
  assert.equal((await bed.call('GET', `${above.json.id}${version}`)).status, 200)
})

test('a scope that is none, or at which nothing stands, is refused', async () => {
  await using bed = await openArmBed()
  await addEntity(bed)
  const principal = await addPrincipal(bed)
  for (const [scope, status, code] of [
    ['/tenants/x', 400, 'InvalidRequestContent'],
    ['/subscriptions', 400, 'InvalidRequestContent'],
    [`${group}/providers/Microsoft.Relay`, 400, 'InvalidRequestContent'],
    [`${group}/providers/Microsoft.Relay/namespaces`, 400, 'InvalidRequestContent'],
    ['/subscriptions/s/resourceGroups/nothing', 404, 'ResourceGroupNotFound'],
    [`${group}/providers/Microsoft.Relay/namespaces/nothing`, 404, 'ResourceNotFound'],
    ['/subscriptions/s/providers/Microsoft.Relay/namespaces/contoso', 404, 'ResourceNotFound'],
    [`${namespace}/hybridConnections/nothing`, 404, 'ResourceNotFound'],
    [`${namespace}/hybridConnections/db/authorizationRules/r`, 404, 'ResourceNotFound'],
    [`${group}/providers/Microsoft.Web/sites/nothing`, 404, 'ResourceNotFound'],
  ] as const) {
    const reply = await assign(bed, scope, principal)
    assert.deepEqual([reply.status, reply.json.error.code], [status, code], scope)
  }
  await bed.call('PUT', '/subscriptions/s/resourceGroups/other?api-version=2021-04-01', { body: { location: 'x' } })
  const elsewhere = namespace.replace('/g/', '/other/')
  assert.equal((await assign(bed, elsewhere, principal)).status, 404)
  for (const scope of ['', '/subscriptions/s', group, namespace, `${namespace}/hybridConnections/db`]) {
    assert.equal((await assign(bed, scope, principal)).status, 201, scope)
  }
  // More slashes at the beginning are the same scope.
  assert.equal((await assign(bed, '//', principal)).status, 409)
  assert.deepEqual(
    (await list(bed, '', `principalId eq '${principal}' and atScope()`)).map(({ id }) => id.slice(0, 30)),
    ['/providers/Microsoft.Authoriza'],
  )
})

test('a principal that nobody knows is refused unless its type is said; of another issuer anybody is taken', async () => {
  await using bed = await openArmBed()
  const unknown = randomUUID()
  const refused = await assign(bed, '/subscriptions/s', unknown)
  assert.deepEqual([refused.status, refused.json.error.code], [400, 'PrincipalNotFound'])
  assert.equal(
    (await assign(bed, '/subscriptions/s', unknown, { properties: { principalType: 'serviceprincipal' } })).status,
    201,
  )
  assert.equal((await assign(bed, '/subscriptions/s', 'corp:alice@example.com')).status, 201)
  const person = await addPrincipal(bed, { kind: 'user' })
  const mismatch = await assign(bed, '/', person, { properties: { principalType: 'ServicePrincipal' } })
  assert.deepEqual([mismatch.status, mismatch.json.error.code], [400, 'UnmatchedPrincipalType'])
  assert.equal((await assign(bed, '', person)).json.properties.principalType, 'User')
  for (const principalId of ['', 'alice', 'corp:', `corp:a\u0000`, `corp:${'x'.repeat(600)}`, 5]) {
    assert.equal((await assign(bed, '/subscriptions/s', principalId as string)).status, 400, String(principalId))
  }
})

test('what cannot be kept is refused: conditions, roles that are not there, names that are no GUID', async () => {
  await using bed = await openArmBed()
  const principal = await addPrincipal(bed)
  const condition = await assign(bed, '/subscriptions/s', principal, { properties: { condition: '@Resource...' } })
  assert.deepEqual([condition.status, condition.json.error.code], [400, 'OperationNotSupported'])
  const role = await assign(bed, '/subscriptions/s', principal, { role: randomUUID() })
  assert.deepEqual([role.status, role.json.error.code], [400, 'RoleDefinitionDoesNotExist'])
  assert.equal((await assign(bed, '/subscriptions/s', principal, { role: 'Reader' })).status, 400)
  assert.equal((await assign(bed, '/subscriptions/s', principal, { name: 'x' })).status, 400)
  assert.deepEqual(await list(bed, '/subscriptions/s', `principalId eq '${principal}'`), [])
})

test('the last Owner of everything stays, also when two are deleted at once', async () => {
  await using bed = await openArmBed()
  const [first, second] = [await addPrincipal(bed), await addPrincipal(bed)]
  await addPrincipal(bed, { id: randomUUID(), isEnabled: false }).then((id) => bed.assign(id, 'Owner', '/'))
  await bed.assign(first, 'Owner', '/')
  await bed.assign(second, 'Owner', '/')
  const ids = (await list(bed, '', 'atScope()'))
    .filter(({ properties }) => [first, second].includes(properties.principalId))
    .map(({ id }) => id)
  const replies = await Promise.all(ids.map((id) => bed.call('DELETE', `${id}${version}`)))
  assert.deepEqual(
    replies.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 409],
  )
  assert.match(replies.find(({ status }) => status === 409)?.json.error.message, /last Owner of everything/)
  assert.equal((await assign(bed, '', 'corp:admins', { role: owner })).status, 201)
  const left = ids[replies.findIndex(({ status }) => status === 409)]
  assert.equal((await bed.call('DELETE', `${left}${version}`)).status, 200)
})

test('a list at a scope shows what holds there and below; atScope() leaves out what is below', async () => {
  await using bed = await openArmBed()
  await addEntity(bed)
  const [one, two] = [await addPrincipal(bed), await addPrincipal(bed)]
  for (const scope of ['', '/subscriptions/s', group, namespace, '/subscriptions/t']) await assign(bed, scope, one)
  await assign(bed, group, two)
  const scopes = async (filter?: string, as?: string): Promise<readonly string[]> =>
    (await list(bed, group, filter, as))
      .filter(({ properties }) => properties.principalId !== 'owner')
      .map(({ properties }) => `${properties.principalId === one ? 1 : 2} ${properties.scope}`)
      .toSorted()
  const here = [`1 ${group}`, '1 /', '1 /subscriptions/s', `2 ${group}`]
  assert.deepEqual(await scopes(), [...here, `1 ${namespace}`].toSorted())
  assert.deepEqual(await scopes('atScope()'), here.toSorted())
  assert.deepEqual(await scopes(`principalId eq '${two}'`), [`2 ${group}`])
  assert.deepEqual(await scopes(`atScope() and assignedTo('${two}')`, one), [`2 ${group}`])
  assert.deepEqual(await scopes(`assignedTo('${two.toUpperCase()}')`), [`2 ${group}`])
  for (const filter of ['atScope(x)', "roleName eq 'x'", 'nothing()', 'assignedTo()']) {
    const url = `/subscriptions/empty/${authorization}/roleAssignments${version}&$filter=${encodeURIComponent(filter)}`
    assert.equal((await bed.call('GET', url)).status, 400, filter)
  }
  assert.equal((await bed.call('GET', `/${authorization}/roleAssignments${version}`, { as: 'nobody' })).status, 403)
})

test('everybody can ask what he may do at a scope', async () => {
  await using bed = await openArmBed()
  await bed.assign('reader', 'Reader', '/subscriptions/s')
  const permissions = async (scope: string): Promise<Json> =>
    (await bed.call('GET', `${scope}/${authorization}/permissions${version}`, { as: 'reader' })).json.value
  assert.deepEqual(await permissions(group), [
    { actions: ['*/read'], notActions: [], dataActions: [], notDataActions: [] },
  ])
  assert.deepEqual(await permissions('/subscriptions/t'), [])
})
