import assert from 'node:assert/strict'
import { test } from 'node:test'

import { chooseWorkloads } from '../load/workload-table.ts'
import { Measurements } from './measurements.ts'
import { formatTables } from './tables.ts'

test('a candidate that gave no number has a dash in each cell of its row, one that was never measured has no row', () => {
  const measurements = new Measurements()
  measurements.add('ours', 'up', 1, {
    ...{ metrics: { megabytesPerSecond: 200, cpuSecondsPerGiB: 2 }, errors: 0, loadShare: 0 },
    ...{ cpuByProcess: {}, complaint: '' },
  })
  measurements.fail('theirs', 'up', 1, 'no byte came through: silence')
  const text = formatTables({
    measurements,
    candidates: ['ours', 'theirs', 'other'],
    subjects: ['ours'],
    workloads: chooseWorkloads(['up']),
  })
  assert.match(text, /^\| ours +\| 200 +\| 2\.00 /m)
  assert.match(text, /^\| theirs +\| - +\| - +\| - +\| - +\| - +\|$/m)
  assert.doesNotMatch(text, /other/)
})
