import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatBytes, formatDuration, parseBytes, parseDuration } from './parse-quantity.ts'

test('durations with every unit become milliseconds', () => {
  const cases: [string, number][] = [
    ['0', 0],
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
  ]
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text)
})

test('a duration without a unit, with a sign, with spaces or too large is refused', () => {
  for (const text of ['', '30', '-1s', '1 s', 's', '1s ', '1S', '1e3s', '1.s', '999999999999999999d', '1sm']) {
    assert.equal(parseDuration(text), undefined, text)
  }
})

test('sizes with binary, decimal and no unit become bytes', () => {
  const cases: [string, number][] = [
    ['0', 0],
    ['4096', 4096],
    ['64KiB', 65_536],
    ['1.5MiB', 1_572_864],
    ['2GiB', 2_147_483_648],
    ['10MB', 10_000_000],
    ['3kB', 3000],
    ['7B', 7],
  ]
  for (const [text, bytes] of cases) assert.equal(parseBytes(text), bytes, text)
})

test('a size that is no whole number of bytes or has an unknown unit is refused', () => {
  for (const text of ['', '1.5', '1.0001KiB', '-1', '64K', '64kib', '1 KiB', '99999999999GiB']) {
    assert.equal(parseBytes(text), undefined, text)
  }
})

test('what is written in the largest whole unit is read back the same', () => {
  assert.equal(formatDuration(300_000), '5m')
  assert.equal(formatDuration(1500), '1500ms')
  assert.equal(formatBytes(65_536), '64KiB')
  assert.equal(formatBytes(1000), '1000B')
  fc.assert(
    fc.property(fc.nat(2 ** 40), (amount) => {
      assert.equal(parseDuration(formatDuration(amount)), amount)
      assert.equal(parseBytes(formatBytes(amount)), amount)
    }),
  )
})
