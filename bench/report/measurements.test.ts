import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Sample } from '../load/sample.ts'
import { Measurements } from './measurements.ts'

function sample(metrics: Sample['metrics'], errors = 0, cpuByProcess = {}): Sample {
  return { metrics, errors, loadShare: 0, cpuByProcess, complaint: '' }
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

test('a row that failed is among the problems, has no sample and no number', () => {
  const measurements = new Measurements()
  measurements.fail('ours', 'ping-bulk', 1, 'no answer came through: silence')
  assert.deepEqual(measurements.problems, ['ours, ping-bulk, repetition 1: no answer came through: silence'])
  assert.equal(measurements.samples('ours', 'ping-bulk').size, 0)
  assert.equal(measurements.spread('ours', 'ping-bulk', 'p50Microseconds'), undefined)
  assert.equal(measurements.wasTried('ours', 'ping-bulk'), true)
  assert.equal(measurements.wasTried('ours', 'ping'), false)
})

test('what a GiB costs is told by process, the dearest first', () => {
  const measurements = new Measurements()
  measurements.add('ours', 'up', 1, sample({ cpuSecondsPerGiB: 4 }, 0, { relay: 0.25, local: 0.75 }))
  measurements.add('ours', 'up', 2, sample({ cpuSecondsPerGiB: 2 }, 0, { relay: 0.5, local: 0.5 }))
  assert.deepEqual(
    [...measurements.costByProcess('ours', 'up', 'cpuSecondsPerGiB')],
    [
      ['local', 2],
      ['relay', 1],
    ],
  )
})
