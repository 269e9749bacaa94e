import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskBuffer } from '../mask/mask-memory.ts'
import { WriteRegions } from './write-regions.ts'

test('the same regions are used again, and those that are masked in place are never lost', () => {
  const regions = new WriteRegions()
  const out = Array.from({ length: 100 }, () => regions.take())
  assert.equal(new Set(out).size, 100)
  const maskable = out.filter(({ buffer }) => buffer === maskBuffer).length
  assert.ok(maskable > 0 && maskable < 100)
  // Ordinary ones first: there is no room for all that follow.
  for (const region of out.toReversed()) regions.give(region)
  assert.equal(regions.freeCount, 64)
  const again = Array.from({ length: 64 }, () => regions.take())
  assert.equal(again.filter(({ buffer }) => buffer === maskBuffer).length, maskable)
  assert.equal(regions.freeCount, 0)
})

test('what did not come from here is left alone', () => {
  const regions = new WriteRegions()
  regions.give(new Uint8Array(2048))
  assert.equal(regions.freeCount, 0)
})
