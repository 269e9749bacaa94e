import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Sample } from '../load/measure-workload.ts'
import { Measurements } from './measurements.ts'

function sample(metrics: Sample['metrics'], errors = 0): Sample {
  return { metrics, errors, loadShare: 0, cpuByProcess: {}, complaint: '' }
}

test('an advantage is above 1 when the subject is faster and when it costs less', () => {
  const measurements = new Measurements()
  measurements.add('ours', 'up', 1, sample({ megabytesPerSecond: 200, cpuSecondsPerGiB: 2 }))
  measurements.add('theirs', 'up', 1, sample({ megabytesPerSecond: 100, cpuSecondsPerGiB: 5 }))
  assert.equal(measurements.advantage('ours', 'theirs', 'up', 'megabytesPerSecond')?.median, 2)
  assert.equal(measurements.advantage('ours', 'theirs', 'up', 'cpuSecondsPerGiB')?.median, 2.5)
})

test('only values of the same repetition are compared', () => {
  const measurements = new Measurements()
  measurements.add('ours', 'up', 1, sample({ megabytesPerSecond: 100 }))
  measurements.add('theirs', 'up', 2, sample({ megabytesPerSecond: 100 }))
  assert.equal(measurements.advantage('ours', 'theirs', 'up', 'megabytesPerSecond'), undefined)
})

test('failed connections are named among the problems', () => {
  const measurements = new Measurements()
  measurements.add('ours', 'connect', 2, sample({}, 3))
  assert.deepEqual(measurements.problems, ['ours, connect, repetition 2: 3 errors'])
})
