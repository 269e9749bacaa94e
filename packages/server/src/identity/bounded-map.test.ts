import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BoundedMap } from './bounded-map.ts'

test('a full map forgets what was set longest ago', () => {
  const map = new BoundedMap<number>(3)
  for (let n = 1; n <= 3; n++) map.set(`k${n}`, n)
  map.set('k1', 10)
  map.set('k4', 4)
  assert.deepEqual(
    ['k1', 'k2', 'k3', 'k4'].map((key) => map.get(key)),
    [10, undefined, 3, 4],
  )
  assert.equal(map.size, 3)
  assert.equal(map.delete('k3'), true)
  assert.equal(map.size, 2)
})
