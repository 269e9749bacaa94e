import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../arm-calls.contract.ts'
import {
  addHcm,
  databaseId,
  filesId,
  global,
  namespaceId,
  openHcmBed,
  report,
  show,
  subscription,
  version,
} from './hcm-setup.contract.ts'

const reachable = { namespace: 'Contoso', name: 'DB', target: 'Reachable' }

test('what an HCM reports is shown to those who look after it', async () => {
  await using bed = await openHcmBed()
  const hcm = await addHcm(bed, [databaseId, filesId])
  const reply = await report(bed, hcm, [
    { namespace: 'contoso', name: 'db', target: 'Unreachable', lastError: 'connect\u0007 refused' },
  ])
  assert.equal(reply.status, 200)
  assert.deepEqual(
    reply.json.hybridConnections.map(({ name }: Json) => name),
    ['db', 'files'],
  )
  const { hybridConnections, lastSeenAt, createdOn, ...properties } = (await show(bed, hcm)).json.properties
  assert.deepEqual([lastSeenAt, createdOn].map(Date.parse), [bed.clock.nowMs, bed.clock.nowMs])
  assert.deepEqual(properties, {
    hcmId: hcm.hcmId,
    displayName: 'site',
    principalId: hcm.principalId,
    status: 'Online',
    version: '1.2.3',
    address: '192.0.2.9',
  })
  const since = new Date(bed.clock.nowMs).toISOString()
  assert.deepEqual(
    hybridConnections.map(({ name, target, lastError, since }: Json) => [name, target, lastError, since]),
    [
      ['db', 'Unreachable', 'connect  refused', since],
      ['files', 'Unknown', undefined, undefined],
    ],
  )
})

test('an HCM says nothing about hybrid connections that are not its own', async () => {
  await using bed = await openHcmBed()
  const hcm = await addHcm(bed)
  await report(bed, hcm, [reachable, { ...reachable, name: 'files' }, { ...reachable, namespace: 'other' }])
  const [stored] = bed.parts.documents.list('hcm')
  assert.deepEqual(
    stored?.document.value.entities.map(({ name }) => name),
    ['DB'],
  )
  for (const entities of [
    Array.from({ length: 501 }, () => reachable),
    [{ ...reachable, target: 'Maybe' }],
    [{ ...reachable, lastError: 'x'.repeat(513) }],
    [{ ...reachable, name: '' }],
    'all',
  ]) {
    assert.equal((await report(bed, hcm, entities as never)).status, 400)
  }
})

test('nobody but an HCM reports, and none for another', async () => {
  await using bed = await openHcmBed()
  await addHcm(bed)
  for (const principalId of ['owner', 'nobody']) {
    assert.equal((await report(bed, { principalId })).status, 404)
    assert.equal((await bed.call('GET', `${global}/self${version}`, { as: principalId })).status, 404)
  }
  assert.equal(bed.parts.documents.list('hcm')[0]?.document.value.isOnline, undefined)
})

test('the store sees a report only when something changed, and every five minutes', async () => {
  await using bed = await openHcmBed()
  const hcm = await addHcm(bed)
  let writes = 0
  bed.store.onChange(() => {
    writes += 1
  })
  const writesOf = async (...entities: unknown[]): Promise<number> => {
    writes = 0
    await report(bed, hcm, entities)
    return writes
  }
  assert.equal(await writesOf(reachable), 1)
  for (let at = 0; at < 9; at += 1) {
    bed.clock.nowMs += 30_000
    assert.equal(await writesOf(reachable), 0)
  }
  assert.equal(Date.parse((await show(bed, hcm)).json.properties.lastSeenAt), bed.clock.nowMs)
  bed.clock.nowMs += 30_000
  assert.equal(await writesOf(reachable), 1)
  assert.equal(await writesOf({ ...reachable, target: 'Unreachable' }), 1)
  assert.equal(await writesOf({ ...reachable, target: 'Unreachable', lastError: 'x' }), 1)
  assert.equal(await writesOf({ ...reachable, target: 'Unreachable', lastError: 'x' }), 0)
})

test('an HCM that is not heard of for 90 seconds is offline, until it is heard of again', async () => {
  await using bed = await openHcmBed()
  const [one, two] = [await addHcm(bed, [databaseId], 'one'), await addHcm(bed, [databaseId], 'two')]
  await addHcm(bed, [databaseId], 'never started')
  const told = (): unknown => bed.hcmEvents.map(({ event, hcm }) => `${event} ${hcm.name}`)
  await Promise.all([report(bed, one, [reachable]), report(bed, one, [reachable]), report(bed, two)])
  assert.deepEqual(new Set(told() as string[]), new Set(['hcm.online one', 'hcm.online two']))
  const seenAt = bed.clock.nowMs
  bed.clock.nowMs += 60_000
  await report(bed, two)
  bed.clock.nowMs += 30_000
  await bed.parts.hcms.sweep()
  assert.equal(bed.hcmEvents.length, 2)
  bed.clock.nowMs += 1
  await Promise.all([bed.parts.hcms.sweep(), bed.parts.hcms.sweep()])
  assert.equal(bed.hcmEvents.length, 3)
  const { id, at, ...last } = bed.hcmEvents[2]!
  assert.match(id, /^[\da-f-]{36}$/)
  assert.equal(at.getTime(), bed.clock.nowMs)
  assert.deepEqual(last, {
    event: 'hcm.offline',
    hcm: {
      id: one.hcmId,
      name: 'one',
      subscriptionId: 's',
      version: '1.2.3',
      address: '192.0.2.9',
      lastSeenAt: new Date(seenAt),
    },
  })
  const shown = (await show(bed, one)).json.properties
  assert.deepEqual([shown.status, shown.hybridConnections[0].target], ['Offline', 'Unknown'])
  await report(bed, one, [reachable])
  assert.equal((told() as string[]).at(-1), 'hcm.online one')
})

test('revoking takes identity, roles and document, and touches no other', async () => {
  await using bed = await openHcmBed()
  const [one, two] = [await addHcm(bed, [databaseId, filesId]), await addHcm(bed)]
  await report(bed, one)
  const changed: string[] = []
  bed.store.onChange(({ kind, key }) => changed.push(`${kind} ${key.split('/')[0]}`))
  const url = `${subscription}/hcms/${one.hcmId}${version}`
  assert.equal((await bed.call('DELETE', url.replace('/s/', '/t/'))).status, 204)
  assert.equal((await bed.call('DELETE', url)).status, 200)
  assert.deepEqual(changed, ['delete roleassignment', 'delete roleassignment', 'delete principal', 'delete hcm'])
  assert.equal((await bed.call('DELETE', url)).status, 204)
  assert.equal((await report(bed, one)).status, 404)
  assert.equal((await show(bed, one)).status, 404)
  assert.equal((await report(bed, two)).json.hybridConnections.length, 1)
  assert.equal(bed.parts.roles.assignmentsOf([two.principalId]).length, 1)
})

test('hybrid connections are given and taken one by one, by those who may list their keys', async () => {
  await using bed = await openHcmBed()
  const hcm = await addHcm(bed)
  await bed.assign('manager', 'Contributor', '/subscriptions/s')
  await bed.store.put({
    kind: 'roleDefinition',
    value: {
      id: 'keeper',
      roleName: 'Keeper',
      description: '',
      permissions: [{ actions: ['Postern.Management/*'], notActions: [], dataActions: [], notDataActions: [] }],
      assignableScopes: ['/'],
      createdAt: new Date(),
      updatedAt: new Date(),
    },
  })
  await bed.assign('keeper', 'keeper', '/')
  const change = async (what: string, hybridConnectionId: string, as = 'manager'): Promise<unknown> => {
    const url = `${subscription}/hcms/${hcm.hcmId}/${what}HybridConnection${version}`
    const { status, json } = await bed.call('POST', url, { as, body: { hybridConnectionId } })
    return status === 200 ? json.properties.hybridConnections.map(({ name }: Json) => name) : status
  }
  assert.deepEqual(await change('add', filesId), ['db', 'files'])
  assert.deepEqual(await change('add', filesId), ['db', 'files'])
  assert.deepEqual(await change('remove', databaseId.toUpperCase()), ['files'])
  assert.equal(await change('add', databaseId, 'keeper'), 403)
  assert.equal(await change('add', namespaceId), 400)
  assert.deepEqual(await change('remove', filesId, 'keeper'), [])
  assert.equal(await change('remove', filesId, 'nobody'), 403)
})

test('an HCM that waits is told at once when an endpoint of its own changes, and not about others', async () => {
  await using bed = await openHcmBed()
  const hcm = await addHcm(bed)
  const get = (etag: string, waitSeconds: number | string) =>
    bed.call('GET', `${global}/self${version}&waitSeconds=${waitSeconds}`, {
      as: hcm.principalId,
      headers: { 'if-none-match': etag },
    })
  const first = await get('"none"', 60)
  const etag = first.headers?.['ETag'] ?? ''
  assert.deepEqual([(await get(etag, 0)).status, (await report(bed, hcm)).headers?.['ETag']], [304, etag])
  const waiting = [get(etag, 60), get(etag, 60)]
  // Two wait; one more is answered at once.
  assert.equal((await get(etag, 60)).status, 304)
  const change = async (name: string, userMetadata: string): Promise<void> => {
    const { value } = bed.parts.documents.get('hybridConnection', 'contoso', name)!.document
    await bed.store.put({ kind: 'hybridConnection', value: { ...value, userMetadata } })
  }
  await change('files', '[{"key":"endpoint","value":"files.corp:445"}]')
  let isDone = false
  void waiting[0]!.then(() => {
    isDone = true
  })
  await new Promise(setImmediate)
  assert.equal(isDone, false)
  await change('db', '[{"key":"endpoint","value":"db2.corp:5432"}]')
  for (const { status, json } of await Promise.all(waiting)) {
    assert.deepEqual([status, json.hybridConnections[0].endpoint], [200, 'db2.corp:5432'])
  }
  for (const bad of ['61', '-1', 'x', '1e1']) assert.equal((await get(etag, bad)).status, 400, bad)
})

test('an HCM that waits learns that it was revoked', async () => {
  await using bed = await openHcmBed()
  const hcm = await addHcm(bed)
  const etag = (await report(bed, hcm)).headers?.['ETag'] ?? ''
  const waiting = bed.call('GET', `${global}/self${version}&waitSeconds=60`, {
    as: hcm.principalId,
    headers: { 'if-none-match': etag },
  })
  await new Promise(setImmediate)
  await bed.call('DELETE', `${subscription}/hcms/${hcm.hcmId}${version}`)
  // Its roles go first: an empty list, or nobody any more.
  const { status, json } = await waiting
  assert.ok(status === 404 || json.hybridConnections.length === 0)
})
