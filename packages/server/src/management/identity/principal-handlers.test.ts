import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { Secret } from '@postern/program'
import { secretMatches } from '../../identity/secret-hash.ts'
import { type ArmBed, type Json, openArmBed } from '../arm-calls.contract.ts'
import { openWebBed, siteUrl } from '../web/web.contract.ts'

const version = '?api-version=2026-11-01'
const principals = '/providers/Postern.Management/principals'

interface Wanted {
  readonly id?: string
  readonly as?: string
  readonly properties?: Readonly<Record<string, unknown>>
}

function create(bed: ArmBed, wanted: Wanted = {}): ReturnType<ArmBed['call']> {
  const { id = randomUUID(), as = 'owner', properties = {} } = wanted
  const body = { properties: { kind: 'ServicePrincipal', displayName: 'shop', ...properties } }
  return bed.call('PUT', `${principals}/${id}${version}`, { as, body })
}

const patch = (bed: ArmBed, id: string, properties: unknown, as = 'owner'): ReturnType<ArmBed['call']> =>
  bed.call('PATCH', `${principals}/${id}${version}`, { as, body: { properties } })

const addCredential = (bed: ArmBed, id: string, body: unknown, as = 'owner'): ReturnType<ArmBed['call']> =>
  bed.call('POST', `${principals}/${id}/credentials${version}`, { as, body })

const hashesOf = (bed: ArmBed, id: string): readonly string[] =>
  (bed.parts.identity.directory.find(id)?.credentials ?? []).flatMap((each) => ('hash' in each ? [each.hash] : []))

test('a program is made, found, renamed, disabled and deleted with its roles', async () => {
  await using bed = await openArmBed()
  const id = randomUUID()
  const made = await create(bed, { id })
  assert.equal(made.status, 201)
  const { clientId, createdOn, updatedOn, ...properties } = made.json.properties
  assert.match(clientId, /^[\da-f-]{36}$/)
  assert.notEqual(clientId, id)
  assert.ok(Date.parse(createdOn) <= Date.parse(updatedOn))
  assert.deepEqual(
    { ...made.json, properties },
    {
      id: `${principals}/${id}`,
      name: id,
      type: 'Postern.Management/principals',
      properties: { principalId: id, kind: 'ServicePrincipal', displayName: 'shop', enabled: true, credentials: [] },
    },
  )
  assert.deepEqual(
    [(await create(bed, { id })).status, (await create(bed, { id, properties: { displayName: 'x' } })).status],
    [200, 409],
  )
  assert.deepEqual((await bed.call('GET', `${principals}/${id.toUpperCase()}${version}`)).json, made.json)
  const changed = await patch(bed, id, { displayName: 'store', enabled: false })
  assert.deepEqual([changed.json.properties.displayName, changed.json.properties.enabled], ['store', false])
  await bed.assign(id, 'Reader', '/')
  assert.equal((await bed.call('DELETE', `${principals}/${id}${version}`)).status, 200)
  assert.deepEqual(bed.parts.roles.assignmentsOf([id]), [])
  assert.equal((await bed.call('DELETE', `${principals}/${id}${version}`)).status, 204)
  assert.equal((await bed.call('GET', `${principals}/${id}${version}`)).json.error.code, 'ResourceNotFound')
})

test('principals are looked for by their names', async () => {
  await using bed = await openArmBed()
  const shop = await create(bed)
  await create(bed, { properties: { kind: 'User', displayName: 'Alice', signInName: 'alice@corp' } })
  const found = async (filter: string): Promise<string[]> =>
    (await bed.call('GET', `${principals}${version}&$filter=${encodeURIComponent(filter)}`)).json.value.map(
      ({ properties }: Json) => properties.displayName,
    )
  assert.deepEqual(await found("signInName eq 'ALICE@corp'"), ['Alice'])
  assert.deepEqual(await found("kind eq 'User' and displayName eq 'shop'"), [])
  assert.deepEqual(await found(`clientId eq '${shop.json.properties.clientId}'`), ['shop'])
  for (const filter of ["__proto__ eq 'x'", "displayName ge 'x'", 'kind()']) {
    assert.equal((await bed.call('GET', `${principals}${version}&$filter=${filter}`)).status, 400, filter)
  }
})

test('a secret is shown once and only its hash is kept', async () => {
  await using bed = await openArmBed()
  const id = randomUUID()
  const { clientId } = (await create(bed, { id })).json.properties
  const made = await addCredential(bed, id, { kind: 'secret', displayName: 'ci', expiresOn: '2999-01-01T00:00:00Z' })
  assert.deepEqual([made.status, made.json.clientId], [201, clientId])
  assert.equal(secretMatches(new Secret(made.json.secret), hashesOf(bed, id)[0]!), true)
  const shown = await bed.call('GET', `${principals}/${id}${version}`)
  const [{ createdOn: _, ...credential }] = shown.json.properties.credentials
  assert.deepEqual(credential, {
    id: made.json.credentialId,
    kind: 'Secret',
    displayName: 'ci',
    expiresOn: '2999-01-01T00:00:00.000Z',
  })
  assert.doesNotMatch(JSON.stringify(shown.json), new RegExp(`${made.json.secret}|sha256`))
  const url = `${principals}/${id}/credentials/${made.json.credentialId}${version}`
  assert.deepEqual([(await bed.call('DELETE', url)).status, (await bed.call('DELETE', url)).status], [200, 204])
  assert.deepEqual(hashesOf(bed, id), [])
})

test('a public key is taken, a private one and what is none are refused', async () => {
  await using bed = await openArmBed()
  const id = randomUUID()
  await create(bed, { id })
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const add = (certificate: unknown): ReturnType<ArmBed['call']> =>
    addCredential(bed, id, { kind: 'certificate', certificate })
  const made = await add(pair.publicKey)
  assert.deepEqual([made.status, Object.keys(made.json)], [201, ['credentialId', 'clientId']])
  for (const bad of [pair.privateKey, 'x', '', undefined, 'x'.repeat(20_000)]) {
    assert.equal((await add(bad)).status, 400, String(bad).slice(0, 30))
  }
  for (const body of [
    { kind: 'secret', expiresOn: '2001-01-01T00:00:00Z' },
    { kind: 'secret', expiresOn: 'tomorrow' },
    { kind: 'password', password: 'long enough it is' },
    { kind: 'other' },
  ]) {
    assert.equal((await addCredential(bed, id, body)).status, 400, JSON.stringify(body))
  }
})

test('a person gets a password, which is neither shown nor kept as it is', async () => {
  await using bed = await openArmBed()
  const id = randomUUID()
  assert.equal((await create(bed, { id, properties: { kind: 'User' } })).status, 400)
  await create(bed, { id, properties: { kind: 'User', signInName: 'alice' } })
  assert.equal((await addCredential(bed, id, { kind: 'password', password: 'short' })).status, 400)
  const set = await addCredential(bed, id, { kind: 'password', password: 'correct horse battery' })
  assert.deepEqual([set.status, Object.keys(set.json)], [201, ['clientId']])
  assert.match(hashesOf(bed, id)[0]!, /^scrypt\$/)
})

test('nobody becomes more than he is by the credentials of another', async () => {
  await using bed = await openArmBed()
  const [boss, helper] = [randomUUID(), randomUUID()]
  await create(bed, { id: boss })
  await create(bed, { id: helper })
  await bed.assign(boss, 'Owner', '/subscriptions/s')
  await bed.assign(helper, 'Contributor', '/')
  await bed.assign('local', 'Owner', '/subscriptions/s')
  const attempts = [
    () => addCredential(bed, boss, { kind: 'secret' }, helper),
    () => bed.call('DELETE', `${principals}/${boss}/credentials/x${version}`, { as: helper }),
    () => patch(bed, boss, { enabled: false }, helper),
    () => bed.call('DELETE', `${principals}/${boss}${version}`, { as: helper }),
  ]
  for (const attempt of attempts) assert.equal((await attempt()).json.error.code, 'AuthorizationFailed')
  // A role that waits for an id cannot be had by taking the id.
  const waiting = randomUUID()
  await bed.assign(waiting, 'Owner', '/')
  assert.equal((await create(bed, { id: waiting, as: helper })).status, 403)
  assert.equal((await create(bed, { id: waiting })).status, 201)
  // Whoever is Owner below but has no say over the directory does nothing there.
  assert.equal((await addCredential(bed, boss, { kind: 'secret' }, 'local')).status, 403)
  assert.equal((await addCredential(bed, boss, { kind: 'secret' })).status, 201)
  const friend = randomUUID()
  await create(bed, { id: friend, as: helper })
  assert.equal((await addCredential(bed, friend, { kind: 'secret' }, helper)).status, 201)
  assert.equal((await addCredential(bed, helper, { kind: 'secret' }, helper)).status, 201)
})

test('the last Owner of everything can be neither disabled nor deleted', async () => {
  await using bed = await openArmBed()
  const [first, second] = [randomUUID(), randomUUID()]
  for (const id of [first, second]) {
    await create(bed, { id })
    await bed.assign(id, 'Owner', '/')
  }
  const replies = await Promise.all([patch(bed, first, { enabled: false }), patch(bed, second, { enabled: false })])
  assert.deepEqual(
    replies.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 409],
  )
  const left = replies[0].status === 409 ? first : second
  const deleted = await bed.call('DELETE', `${principals}/${left}${version}`)
  assert.deepEqual([deleted.status, deleted.json.error.code], [409, 'Conflict'])
  assert.equal(bed.parts.roles.assignmentsOf([left]).length, 1)
})

test('the identity of an app or of a Hybrid Connection Manager goes with it, not alone', async () => {
  await using bed = await openArmBed()
  for (const kind of ['app', 'hcm'] as const) {
    const { id } = await bed.parts.identity.directory.create({ kind, displayName: kind })
    assert.equal((await bed.call('DELETE', `${principals}/${id}${version}`)).status, 409)
  }
})

test('a credential for the identity of an app takes the right to change the app, whose feed has its keys', async () => {
  await using bed = await openWebBed()
  await bed.call('PATCH', siteUrl('shop'), { body: { identity: { type: 'SystemAssigned' } } })
  const { principalId } = (await bed.call('GET', siteUrl('shop'))).json.identity
  const permission = { notActions: [], dataActions: [], notDataActions: [] }
  const now = new Date()
  await bed.store.put({
    kind: 'roleDefinition',
    value: {
      id: 'desk',
      roleName: 'Help desk',
      description: '',
      permissions: [{ ...permission, actions: ['Postern.Management/principals/*'] }],
      assignableScopes: ['/'],
      createdAt: now,
      updatedAt: now,
    },
  })
  await bed.assign('desk', 'desk', '/')
  const refused = await addCredential(bed, principalId, { kind: 'secret' }, 'desk')
  assert.deepEqual([refused.status, refused.json.error.code], [403, 'AuthorizationFailed'])
  assert.match(refused.json.error.message, /Microsoft\.Web\/sites\/write/)
  assert.deepEqual(hashesOf(bed, principalId), [])
  await bed.assign('desk', 'Contributor', '/subscriptions/s')
  assert.equal((await addCredential(bed, principalId, { kind: 'secret' }, 'desk')).status, 201)
})

test('everybody is told who he is and which roles he has', async () => {
  await using bed = await openArmBed()
  await bed.assign('alice', 'Reader', '/subscriptions/s')
  const { json } = await bed.call('GET', `/providers/Postern.Management/me${version}`, { as: 'alice' })
  assert.deepEqual([json.id, json.name, json.groups], ['alice', 'app:alice', []])
  assert.deepEqual(
    json.roleAssignments.map(({ roleName, scope }: Json) => [roleName, scope]),
    [['Reader', '/subscriptions/s']],
  )
})

test('signing keys are rotated: the new one signs, and with revoke it is the only one', async () => {
  await using bed = await openArmBed()
  const keys = async (): Promise<Json[]> =>
    (await bed.call('GET', `/providers/Postern.Management/signingKeys${version}`)).json.value
  const rotate = async (body?: unknown): Promise<string> =>
    (await bed.call('POST', `/providers/Postern.Management/signingKeys/rotate${version}`, { body })).json.id
  const [before] = await keys()
  const second = await rotate()
  assert.deepEqual(new Set((await keys()).map(({ id }) => id)), new Set([before.id, second]))
  const third = await rotate({ revoke: true })
  assert.deepEqual(
    (await keys()).map(({ id, isCurrent }) => [id, isCurrent]),
    [[third, true]],
  )
})
