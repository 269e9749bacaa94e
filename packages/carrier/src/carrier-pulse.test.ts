import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CarrierPulse, type PulseQuestion } from './carrier-pulse.ts'

const used: PulseQuestion = { isReady: true, isUsed: true, isAnswerDue: () => false }

/** A carrier whose first PING was answered. */
function answered(): CarrierPulse {
  const pulse = new CarrierPulse(0)
  pulse.ask(0)
  pulse.hear(20)
  pulse.answer(0, 20)
  return pulse
}

/** At which of these moments a PING left. */
function pings(pulse: CarrierPulse, moments: readonly number[], question: PulseQuestion = used): number[] {
  return moments.filter((atMs) => {
    const isDue = pulse.tick(atMs, question)
    if (isDue) pulse.ask(atMs)
    return isDue
  })
}

const seconds = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => (from + index) * 1_000)

test('a carrier with streams is asked every 5 s, one without is not', () => {
  assert.deepEqual(pings(answered(), seconds(1, 5)), [5_000])
  assert.deepEqual(pings(answered(), seconds(1, 60), { ...used, isUsed: false }), [])
})

test('what was left without an answer for a second is followed by a PING, and 2 s later by doubt', () => {
  const pulse = answered()
  assert.deepEqual(pings(pulse, seconds(1, 2), { ...used, isAnswerDue: () => true }), [1_000])
  assert.equal(pulse.isDoubtful, false)
  pings(pulse, [3_000])
  assert.equal(pulse.isDoubtful, true)
  pulse.hear(3_100)
  assert.equal(pulse.isDoubtful, false)
})

test('where a round trip takes long an answer is late later', () => {
  const pulse = new CarrierPulse(0)
  pulse.ask(0)
  pulse.hear(1_000)
  pulse.answer(0, 1_000)
  assert.deepEqual(pings(pulse, seconds(2, 7)), [5_000])
  assert.equal(pulse.isDoubtful, false)
  pings(pulse, [8_000])
  assert.equal(pulse.isDoubtful, true)
})

test('the round trip of a path is the shortest of a minute: what it takes while it is busy says nothing of it', () => {
  const pulse = answered()
  const answerAfter = (atMs: number, tookMs: number): void => {
    pulse.ask(atMs)
    pulse.answer(atMs, atMs + tookMs)
  }
  answerAfter(5_000, 300)
  assert.deepEqual([pulse.roundTripMs, pulse.shortestRoundTripMs], [300, 20])
  for (const at of seconds(10, 21)) answerAfter(at, 300)
  assert.deepEqual([pulse.roundTripMs, pulse.shortestRoundTripMs], [300, 300])
})

test('a new carrier is asked four times in a row, each time when it has answered', () => {
  const pulse = new CarrierPulse(0)
  let asked = 0
  for (let atMs = 0; asked === 0 || pulse.isCurious; atMs += 10) {
    const sentAtMs = pulse.ask(atMs)
    asked += 1
    assert.equal(pulse.isCurious, false)
    pulse.answer(sentAtMs, atMs + 10)
  }
  assert.equal(asked, 4)
})

test('8 s of silence after a PING are the end, and whatever is heard begins them anew', () => {
  const pulse = answered()
  pings(pulse, seconds(1, 12))
  pulse.hear(12_500)
  pings(pulse, seconds(13, 20))
  assert.throws(() => pulse.tick(21_000, used), { code: 'CARRIER_SILENT' })
})

test('a process that did not run has not heard what is still to be read: it asks anew', () => {
  const pulse = answered()
  pings(pulse, [1_000], { ...used, isAnswerDue: () => true })
  assert.deepEqual(pings(pulse, [3_900]), [])
  assert.equal(pulse.isDoubtful, false)
  assert.deepEqual(pings(pulse, [60_000]), [60_000])
  assert.equal(pulse.isDoubtful, false)
  pings(pulse, [61_000, 62_000])
  assert.equal(pulse.isDoubtful, true)
})

test('a hello that does not come makes doubt after 2 s, and an end after 10 s', () => {
  const pulse = new CarrierPulse(0)
  const waiting = { ...used, isReady: false }
  pings(pulse, [1_000], waiting)
  assert.equal(pulse.isDoubtful, false)
  pings(pulse, [2_000], waiting)
  assert.equal(pulse.isDoubtful, true)
  pings(pulse, seconds(3, 9), waiting)
  assert.throws(() => pulse.tick(10_000, waiting), { code: 'CARRIER_HELLO_LATE' })
})
