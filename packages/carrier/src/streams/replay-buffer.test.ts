import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BlockPool } from './block-pool.ts'
import { type BlockPools, ReplayBuffer } from './replay-buffer.ts'

const part = fc.double({ min: 0, max: 1, noNaN: true })
const step = fc.record({
  which: fc.nat(1),
  do: fc.oneof(
    fc.record({ bytes: fc.oneof(fc.nat(20), fc.constantFrom(0, 1023, 1024, 1025, 3000, 16_384, 40_000, 65_536)) }),
    fc.record({ forget: fc.oneof(part, fc.constant(1)) }),
    fc.record({ from: part, length: part }),
  ),
})

function pools({ maxFree = 2 } = {}): BlockPools {
  return {
    blocks: new BlockPool({ blockBytes: 65_536, maxFree }),
    smallBlocks: new BlockPool({ blockBytes: 1024, maxFree }),
  }
}

test('replay buffers of one pool give back the bytes of any place that they have not forgotten', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const shared = pools()
      const buffers = [0, 100].map((seed) => ({ seed, buffer: new ReplayBuffer(shared), all: Buffer.alloc(0) }))
      for (const { which, do: step } of steps) {
        const one = buffers[which]!
        const { buffer, seed, all } = one
        if ('bytes' in step) {
          const bytes = new Uint8Array(step.bytes)
          for (let i = 0; i < bytes.length; i += 1) bytes[i] = (seed + all.length + i) * 31 + ((all.length + i) >> 8)
          buffer.append(bytes)
          one.all = Buffer.concat([all, bytes])
          // The memory is the caller's again.
          bytes.fill(0)
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
        assert.equal(buffer.end, one.all.length)
      }
    }),
    { numRuns: 200 },
  )
})

test('blocks of what was forgotten are used again, and a quiet stream takes none', () => {
  const shared = pools({ maxFree: 10 })
  const buffer = new ReplayBuffer(shared)
  buffer.append(new Uint8Array(3 * 65_536))
  buffer.forget(65_536)
  assert.equal(shared.blocks.freeCount, 1)
  buffer.append(new Uint8Array(65_536))
  assert.equal(shared.blocks.freeCount, 0)
  buffer.dispose()
  assert.equal(shared.blocks.freeCount, 3)
  const quiet = new ReplayBuffer(shared)
  for (let i = 0; i < 100; i += 1) quiet.append(new Uint8Array(100))
  assert.equal(shared.blocks.freeCount, 3)
})

test('the small block of a quiet stream is used again as soon as all of it is confirmed', () => {
  const shared = pools()
  const buffer = new ReplayBuffer(shared)
  buffer.append(new Uint8Array(100))
  assert.equal(shared.smallBlocks.freeCount, 0)
  buffer.forget(100)
  assert.equal(shared.smallBlocks.freeCount, 1)
  buffer.append(Uint8Array.of(1, 2, 3))
  assert.equal(shared.smallBlocks.freeCount, 0)
  const copy = new Uint8Array(3)
  buffer.copyRange(copy, 0, 100, 3)
  assert.deepEqual([...copy], [1, 2, 3])
})

test('what was forgotten, or never came, is not given', () => {
  const buffer = new ReplayBuffer(pools())
  buffer.append(new Uint8Array(10))
  assert.throws(() => buffer.copyRange(new Uint8Array(20), 0, 0, 11), RangeError)
  buffer.forget(10)
  assert.equal(buffer.bytes, 0)
})
