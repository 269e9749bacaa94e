import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ReplayBuffer } from './replay-buffer.ts'

const piece = fc.record({
  bytes: fc.oneof(fc.nat(20), fc.constantFrom(0, 1023, 1024, 1025, 3000, 40_000)),
  /** How large the buffer is of which the piece is a part. */
  within: fc.constantFrom(0, 10, 200_000),
})
const step = fc.oneof(
  piece,
  fc.record({ forget: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ from: fc.double({ min: 0, max: 1, noNaN: true }), length: fc.double({ min: 0, max: 1, noNaN: true }) }),
)

test('a replay buffer gives back the bytes of any place that it has not forgotten', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const buffer = new ReplayBuffer()
      let all = Buffer.alloc(0)
      for (const step of steps) {
        if ('bytes' in step) {
          const bytes = new Uint8Array(step.bytes + step.within).subarray(step.within)
          for (let i = 0; i < bytes.length; i += 1) bytes[i] = (all.length + i) * 31 + ((all.length + i) >> 8)
          buffer.append(bytes)
          all = Buffer.concat([all, bytes])
        } else if ('forget' in step) {
          buffer.forget(buffer.start + Math.floor(step.forget * buffer.bytes))
        } else {
          const offset = buffer.start + Math.floor(step.from * buffer.bytes)
          const length = Math.floor(step.length * (buffer.end - offset))
          const copy = Buffer.alloc(length + 2)
          buffer.copyRange(copy, 1, offset, length)
          assert.ok(copy.subarray(1, -1).equals(all.subarray(offset, offset + length)))
          assert.deepEqual([copy[0], copy.at(-1)], [0, 0])
        }
        assert.equal(buffer.end, all.length)
      }
    }),
    { numRuns: 200 },
  )
})

test('a small piece does not keep the large buffer alive that it came in', () => {
  const buffer = new ReplayBuffer()
  const held = new Uint8Array(1_000_000)
  buffer.append(held.subarray(0, 5000))
  held[0] = 9
  const copy = new Uint8Array(1)
  buffer.copyRange(copy, 0, 0, 1)
  assert.equal(copy[0], 0)
})

test('what was forgotten, or never came, is not given', () => {
  const buffer = new ReplayBuffer()
  buffer.append(new Uint8Array(10))
  assert.throws(() => buffer.copyRange(new Uint8Array(20), 0, 0, 11), RangeError)
  buffer.forget(10)
  assert.equal(buffer.bytes, 0)
})
