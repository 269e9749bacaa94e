import assert from 'node:assert/strict'
import { test } from 'node:test'

import { formatSpread, toSpread } from './statistics.ts'

test('the median of an even number of runs lies between the two in the middle', () => {
  assert.deepEqual(toSpread([4, 1, 3, 2]), { median: 2.5, least: 1, most: 4, count: 4 })
})

test('no runs have no spread', () => {
  assert.equal(toSpread([]), undefined)
})

test('one run is shown without a range', () => {
  assert.equal(formatSpread({ median: 2, least: 2, most: 2, count: 1 }, 1), '2.0')
  assert.equal(formatSpread({ median: 2, least: 1, most: 4, count: 3 }, 0), '2 [1-4]')
})

test('a sign follows the median only', () => {
  assert.equal(formatSpread({ median: 2, least: 1, most: 4, count: 3 }, 1, 'x'), '2.0x [1.0-4.0]')
})
