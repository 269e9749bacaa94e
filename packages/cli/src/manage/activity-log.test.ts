import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import { activityFilter } from './groups/list-activity.ts'
import { type Json, openManagedRelay } from './managed-relay.contract.ts'

const now = new Date('2026-11-27T12:00:00Z')

function stretch(from: string, to: string): string {
  return `eventTimestamp ge '${from}.000Z' and eventTimestamp le '${to}.000Z'`
}

const filters: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
  [{}, stretch('2026-11-27T06:00:00', '2026-11-27T12:00:00')],
  [{ offset: '1d12h' }, stretch('2026-11-26T00:00:00', '2026-11-27T12:00:00')],
  [{ 'start-time': '2026-11-01' }, stretch('2026-11-01T00:00:00', '2026-11-27T12:00:00')],
  [{ 'start-time': '2026-11-01', offset: '2h' }, stretch('2026-11-01T00:00:00', '2026-11-01T02:00:00')],
  [{ 'end-time': '2026-11-01T08:00:00Z', offset: '2h' }, stretch('2026-11-01T06:00:00', '2026-11-01T08:00:00')],
  [
    { 'start-time': '2026-11-01', 'end-time': '2026-11-02', 'resource-group': "o'g", caller: 'ann', status: 'Failed' },
    `${stretch('2026-11-01T00:00:00', '2026-11-02T00:00:00')} and resourceGroupName eq 'o''g' and caller eq 'ann' and status eq 'Failed'`,
  ],
]

test('flags make the filter that Azure documents', () => {
  for (const [values, filter] of filters) assert.equal(activityFilter(values, now), filter)
})

test('flags that say nothing together, and no times, are refused before anything is asked', () => {
  for (const values of [
    { 'resource-group': 'g', 'resource-id': '/subscriptions/s' },
    { 'start-time': '2026-11-01', 'end-time': '2026-11-02', offset: '1h' },
    { 'start-time': '2026-11-02', 'end-time': '2026-11-01' },
    { 'start-time': 'yesterday' },
    { 'end-time': '1' },
    { offset: 'long' },
  ]) {
    assert.throws(
      () => activityFilter(values, now),
      (error) => isRelayError(error, 'InvalidConfiguration'),
      JSON.stringify(values),
    )
  }
})

test('postern monitor activity-log list tells what the commands before it have done', async () => {
  await using relay = await openManagedRelay()
  await relay.json('group create -n g -l home')
  await relay.json('relay namespace create -n contoso -g g')
  await relay.run('relay namespace show -n contoso -g g')
  const failed = await relay.run('relay namespace create -n elsewhere -g nowhere -l home')
  assert.notEqual(failed.code, 0)
  const list = 'monitor activity-log list --offset 1h'
  const all = await relay.json(list)
  assert.deepEqual(
    all.map(({ operationName, status, httpRequest }: Json) => [operationName.value, status.value, httpRequest.method]),
    [
      ['Microsoft.Relay/namespaces/write', 'Failed', 'PUT'],
      ['Microsoft.Relay/namespaces/write', 'Succeeded', 'PUT'],
      ['Microsoft.Resources/subscriptions/resourceGroups/write', 'Succeeded', 'PUT'],
    ],
  )
  assert.match(all[0].caller, /^[\da-f-]{36}$/)
  assert.equal((await relay.json(`${list} --caller admin`)).length, 3)
  assert.equal((await relay.json(`${list} --max-events 2`)).length, 2)
  assert.equal((await relay.json(`${list} -g g --status Succeeded`)).length, 2)
  assert.equal((await relay.json(`${list} --resource-id ${all[1].resourceId}`)).length, 1)
  assert.deepEqual(await relay.json(`${list} --caller nobody`), [])
  const { stdout } = await relay.run(`${list} -g nowhere -o table`)
  assert.match(stdout, /Microsoft\.Relay\/namespaces\/write +Not Found \(HTTP Status Code: 404\)/)
})
