import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ReconnectDelay } from './reconnect-delay.ts'

test('delays grow with full jitter and never pass 4 s', () => {
  const highest = new ReconnectDelay(() => 0.999_999)
  const delays = Array.from({ length: 8 }, () => Math.round(highest.next()))
  assert.deepEqual(delays, [500, 1000, 2000, 4000, 4000, 4000, 4000, 4000])
})

test('the smallest dice still leave 50 ms between attempts', () => {
  const lowest = new ReconnectDelay(() => 0)
  assert.deepEqual([lowest.next(), lowest.next(), lowest.next()], [50, 50, 50])
})

test('a missing entity is asked for slower than a relay that is away', () => {
  const delay = new ReconnectDelay(() => 0)
  const delays = Array.from({ length: 7 }, () => delay.next({ isRefused: true, isMissing: true }))
  assert.deepEqual(delays, [250, 500, 1000, 2000, 4000, 7500, 7500])
})

test('a refusal is not repeated sooner than half of the limit, nor later than 4 s', () => {
  const lowest = new ReconnectDelay(() => 0)
  assert.deepEqual(
    Array.from({ length: 5 }, () => lowest.next({ isRefused: true })),
    [250, 500, 1000, 2000, 2000],
  )
})

test('the time that an attempt took is part of the delay, but a share of the dice is left', () => {
  const delay = new ReconnectDelay(() => 0.75)
  for (let i = 0; i < 4; i += 1) delay.next()
  assert.equal(delay.next({ tookMs: 1_000 }), 2_000)
  assert.equal(delay.next({ tookMs: 10_000 }), 375)
  assert.equal(delay.next({ tookMs: 10_000, retryAfterMs: 5_000 }), 8_000)
  assert.equal(delay.next({ tookMs: 10_000, isRefused: true }), 3_500)
})

test('Retry-After is waited for before the jitter, up to one minute', () => {
  const delay = new ReconnectDelay(() => 0.5)
  assert.equal(delay.next({ retryAfterMs: 5_000 }), 5_250)
  assert.equal(delay.next({ retryAfterMs: 86_400_000 }), 60_500)
})

test('a success makes the next failure a first one', () => {
  const delay = new ReconnectDelay(() => 0.999_999)
  for (let i = 0; i < 5; i += 1) delay.next()
  delay.reset()
  assert.equal(Math.round(delay.next()), 500)
})

test('every delay lies between 50 ms and the limit, whatever the dice', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 20, maxLength: 20 }),
      (dice) => {
        let turn = 0
        const delay = new ReconnectDelay(() => dice[turn++ % dice.length]!)
        return dice.every(() => {
          const ms = delay.next()
          return ms >= 50 && ms <= 4_000
        })
      },
    ),
  )
})
