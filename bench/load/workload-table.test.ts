import assert from 'node:assert/strict'
import { test } from 'node:test'

import { chooseWorkloads, warmupsFor, workloadTable } from './workload-table.ts'

test('every row has a name of its own', () => {
  assert.equal(new Set(workloadTable.map(({ name }) => name)).size, workloadTable.length)
})

test('a usual run leaves out the rows that take long, and all means all', () => {
  assert.ok(chooseWorkloads([]).length < workloadTable.length)
  assert.equal(chooseWorkloads(['all']), workloadTable)
})

test('named rows are measured in the order of the table, and an unknown one is refused', () => {
  assert.deepEqual(
    chooseWorkloads(['ping', 'up']).map(({ name }) => name),
    ['up', 'ping'],
  )
  assert.throws(() => chooseWorkloads(['upp']), /There is no row 'upp' \(known: all, set-up/)
})

test('bytes warm up before every timed row, connections and ping-pong before rows of their kind', () => {
  const modes = (rows: readonly string[]): string[] => warmupsFor(chooseWorkloads(rows)).map(({ mode }) => mode)
  assert.deepEqual(modes(['down']), ['up'])
  assert.deepEqual(modes(['connect-64', 'ping']), ['up', 'connect', 'ping'])
  assert.deepEqual(warmupsFor([]), [])
})
