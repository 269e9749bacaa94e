import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { exampleRecord } from '../../storage/audit-store.contract.ts'
import { type ArmBed, type Json, openArmBed } from '../arm-calls.contract.ts'

const audit = '/providers/Postern.Management/audit?api-version=2026-11-01'

async function openBed(t: TestContext): Promise<ArmBed> {
  const bed = await openArmBed()
  t.after(() => bed[Symbol.asyncDispose]())
  const at = (day: number): Date => new Date(Date.UTC(2026, 0, day))
  bed.audit.append([
    exampleRecord({ at: at(1), trackingId: 't1', principal: 'user:ann (1)' }),
    exampleRecord({
      at: at(2),
      trackingId: 't2',
      kind: 'decision',
      principal: 'rule:namespace/app',
      result: 'refused',
    }),
    exampleRecord({
      at: at(3),
      trackingId: 't3',
      kind: 'stream',
      principal: 'rule:namespace/app',
      scope: '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Relay/namespaces/local/hybridConnections/db',
      stream: { listener: 'l', bytesFromSender: 1, bytesFromListener: 2, durationMs: 3, closeReason: 'sender: gone' },
    }),
    exampleRecord({
      at: at(4),
      trackingId: 't4',
      kind: 'signIn',
      scope: '/',
      call: { method: 'GET', correlationId: 'c' },
    }),
  ])
  return bed
}

const tracked = ({ value }: Json): string[] => value.map(({ trackingId }: Json) => trackingId)

test('records of every kind are listed, newest first, as they stand in the chain', async (t) => {
  const bed = await openBed(t)
  const { json } = await bed.call('GET', audit)
  assert.deepEqual(tracked(json), ['t4', 't3', 't2', 't1'])
  assert.equal(json.value[0].hash, (await bed.audit.head()).hash)
  assert.deepEqual(json.value[1], {
    sequence: 3,
    hash: json.value[1].hash,
    at: '2026-01-03T00:00:00.000Z',
    kind: 'stream',
    trackingId: 't3',
    principal: 'rule:namespace/app',
    action: 'Microsoft.Relay/namespaces/write',
    scope: '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Relay/namespaces/local/hybridConnections/db',
    result: 'succeeded',
    source: '192.0.2.1:4711',
    stream: { listener: 'l', bytesFromSender: 1, bytesFromListener: 2, durationMs: 3, closeReason: 'sender: gone' },
  })
})

const filters: readonly (readonly [string, readonly string[]])[] = [
  ['kind=decision', ['t2']],
  ['kind=signin,STREAM', ['t4', 't3']],
  ['from=2026-01-02&to=2026-01-04T00:00:00Z', ['t3', 't2']],
  ['from=2026-01-02T01:00:00+01:00&to=2026-01-03T00:00Z', ['t2']],
  ['principal=ANN', ['t4', 't1']],
  ['principal=rule:namespace/app', ['t3', 't2']],
  ['scope=/subscriptions/s/resourcegroups/RG', ['t3', 't2', 't1']],
  ['scope=/subscriptions/s/resourceGroups/r', []],
  ['trackingId=t2', ['t2']],
  ['trackingId=c', ['t4']],
  ['result=refused', ['t2']],
  ['KIND=stream&principal=&$top=5', ['t3']],
]

test('each filter finds what fits', async (t) => {
  const bed = await openBed(t)
  for (const [filter, expected] of filters) {
    const { status, json } = await bed.call('GET', `${audit}&${filter}`)
    assert.equal(status, 200, filter)
    assert.deepEqual(tracked(json), expected, filter)
  }
})

test('pages follow their links to the end', async (t) => {
  const bed = await openBed(t)
  const first = await bed.call('GET', `${audit}&$top=3`)
  assert.deepEqual(tracked(first.json), ['t4', 't3', 't2'])
  const second = await bed.call('GET', first.json.nextLink.replace('https://manage.relay.test', ''))
  assert.deepEqual([tracked(second.json), second.json.nextLink], [['t1'], undefined])
})

test('what makes no sense is refused', async (t) => {
  const bed = await openBed(t)
  for (const query of [
    'kind=everything',
    'kind=',
    'from=now',
    'to=2026-13-01',
    'result=maybe',
    `principal=${'x'.repeat(3000)}`,
    '$top=0',
    '$skipToken=eA',
  ]) {
    const { status } = await bed.call('GET', `${audit}&${query}`)
    assert.equal(status, query === 'kind=' ? 200 : 400, query)
  }
})

test('only who may read everything may read it', async (t) => {
  const bed = await openBed(t)
  await bed.assign('reader', 'Reader', '/')
  await bed.assign('below', 'Owner', '/subscriptions/s')
  assert.equal((await bed.call('GET', audit, { as: 'reader' })).status, 200)
  assert.equal((await bed.call('GET', audit, { as: 'below' })).status, 403)
})
