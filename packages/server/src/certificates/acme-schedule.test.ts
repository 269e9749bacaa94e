import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { renewalTimeMs, retryDelayMs } from './acme-schedule.ts'

const dayMs = 86_400_000

it('a certificate of 90 days is renewed 30 to 33 days before its end', () => {
  const life = { beginsAtMs: 0, expiresAtMs: 90 * dayMs }
  assert.equal(renewalTimeMs(life, 0), 60 * dayMs)
  assert.equal(renewalTimeMs(life, 1), 57 * dayMs)
})

it('a certificate of 6 days is renewed when about a third of its life is left', () => {
  const life = { beginsAtMs: 0, expiresAtMs: 6 * dayMs }
  assert.equal(renewalTimeMs(life, 0), 4 * dayMs)
})

it('retries never come more often than five times in an hour', () => {
  let timeMs = 0
  let attemptsInFirstHour = 0
  for (let failures = 1; timeMs < 3_600_000; failures++) {
    attemptsInFirstHour++
    timeMs += retryDelayMs(failures, 0)
  }
  assert.ok(attemptsInFirstHour <= 5)
})

it('retries wait longer each time, and never longer than 9 hours', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, chance) => {
      const delay = retryDelayMs(failures, chance)
      assert.ok(delay >= 300_000 && delay <= 9 * 3_600_000)
      assert.ok(retryDelayMs(failures + 1, chance) >= delay)
    }),
  )
})
