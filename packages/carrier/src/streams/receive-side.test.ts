import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreditBudget } from './credit-budget.ts'
import { ReceiveSide } from './receive-side.ts'

const firstBytes = 65_536
const maxBytes = 16_777_216

function receiver(): ReceiveSide {
  return new ReceiveSide({ firstBytes, maxBytes, budget: new CreditBudget() })
}

/** A peer that sends all it may, over a path of this round trip with room for so many bytes a millisecond. */
function run(
  receive: ReceiveSide,
  path: { readonly roundTripMs: number; readonly bytesPerMs: number; forMs: number },
): void {
  for (let atMs = 1; atMs <= path.forMs; atMs += 1) {
    // What was granted at this moment is used a round trip later; in between the grants of one round trip follow each other.
    const bytes = Math.min(path.bytesPerMs, receive.windowBytes / path.roundTripMs)
    receive.received += Math.floor(Math.min(bytes, receive.limit - receive.received))
    receive.consume(receive.received)
    if (receive.isWordDue) receive.tell(atMs, path.roundTripMs)
  }
}

test('a window grows until a long path is full', () => {
  const receive = receiver()
  run(receive, { roundTripMs: 100, bytesPerMs: 50_000, forMs: 20_000 })
  assert.ok(receive.windowBytes >= 100 * 50_000, `${receive.windowBytes} bytes`)
})

test('a window does not grow on and on where round trips are long because bytes wait on the way', () => {
  const receive = receiver()
  // The program at this end is the slow one: a larger window changes nothing but what waits.
  run(receive, { roundTripMs: 40, bytesPerMs: 20_000, forMs: 200 })
  const settled = receive.windowBytes
  for (let i = 0; i < 50; i += 1) {
    run(receive, { roundTripMs: Math.ceil(receive.windowBytes / 20_000), bytesPerMs: 20_000, forMs: 200 })
  }
  assert.ok(receive.windowBytes <= 2 * settled, `${receive.windowBytes} bytes instead of ${settled}`)
})

test('a slow stream keeps the window that it began with', () => {
  const receive = receiver()
  run(receive, { roundTripMs: 10, bytesPerMs: 500, forMs: 20_000 })
  assert.equal(receive.windowBytes, firstBytes)
})

/** Losses hold everything up for three round trips, and then all that was granted is here at once. */
function burst(
  receive: ReceiveSide,
  { roundTripMs, times }: { readonly roundTripMs: number; readonly times: number },
): void {
  receive.tell(1, roundTripMs)
  for (let i = 1; i <= times; i += 1) {
    receive.received = receive.limit
    receive.consume(receive.received)
    receive.tell(1 + 3 * i * roundTripMs, roundTripMs)
  }
}

test('a window grows where losses hold up for long what was granted', () => {
  const receive = receiver()
  burst(receive, { roundTripMs: 200, times: 4 })
  assert.ok(receive.windowBytes >= 3_000_000, `${receive.windowBytes} bytes`)
})

test('a window does not grow where it is the program that takes its time', () => {
  const receive = receiver()
  receive.tell(1, 200)
  for (let i = 1; i <= 100; i += 1) {
    receive.received = receive.limit
    receive.consume(20_000)
    receive.tell(1 + 1000 * i, 200)
  }
  assert.equal(receive.windowBytes, firstBytes)
})

test('a window on a short path grows to the 16 MiB that it shares with nobody and no further, however fast it is used up', () => {
  const budget = new CreditBudget({ totalBytes: 1_073_741_824 })
  const receive = new ReceiveSide({ firstBytes, maxBytes: 67_108_864, budget })
  burst(receive, { roundTripMs: 1, times: 50 })
  assert.equal(receive.windowBytes, 16_777_216)
})

test('streams that are busy at a time share what short paths hold, and none gets less than 512 KiB', () => {
  for (const { streams, bytes } of [
    { streams: 8, bytes: 2_097_152 },
    { streams: 100, bytes: 524_288 },
  ]) {
    const budget = new CreditBudget({ totalBytes: 1_073_741_824 })
    const receivers = Array.from({ length: streams }, () => new ReceiveSide({ firstBytes, maxBytes, budget }))
    // Word by word, as they come in one loop: all of them are busy before the first has grown far.
    for (let word = 0; word < 50; word += 1) {
      for (const receive of receivers) {
        receive.received = receive.limit
        receive.consume(receive.received)
        receive.tell(1 + word, 1)
      }
    }
    assert.deepEqual(new Set(receivers.map(({ windowBytes }) => windowBytes)), new Set([bytes]))
  }
})

test('a stream that rests or ends leaves its part of short paths to others', () => {
  const budget = new CreditBudget()
  const [resting, ended] = [0, 1].map(() => new ReceiveSide({ firstBytes, maxBytes, budget })) as [
    ReceiveSide,
    ReceiveSide,
  ]
  for (let i = 0; i < 7; i += 1) budget.addBusy()
  for (const receive of [resting, ended]) burst(receive, { roundTripMs: 1, times: 3 })
  const shared = budget.shortPathWindowBytes
  ended.dispose()
  resting.rest()
  assert.equal(budget.shortPathWindowBytes, Math.floor(16_777_216 / 8), 'bytes came since the last look')
  resting.rest()
  assert.equal(budget.shortPathWindowBytes, Math.floor(16_777_216 / 7))
  assert.ok(shared < Math.floor(16_777_216 / 7))
})

test('a peer that pretends to be far away gets no more than a quarter of the longest window before it is fast', () => {
  const receive = receiver()
  burst(receive, { roundTripMs: 60_000, times: 20 })
  assert.equal(receive.windowBytes, maxBytes / 4)
})
