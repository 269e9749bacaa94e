import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WaitingBytes } from './waiting-bytes.ts'

test('bytes that wait come out as they went in', () => {
  const step = fc.oneof(
    fc.record({ add: fc.oneof(fc.nat(20), fc.constantFrom(1023, 1024, 1025, 20_000)) }),
    fc.record({ shifts: fc.nat(4) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const waiting = new WaitingBytes()
      let [added, taken] = [0, 0]
      const take = (): boolean => {
        const piece = waiting.shift()
        for (const byte of piece ?? []) assert.equal(byte, taken++ & 255)
        return piece !== undefined
      }
      for (const each of steps) {
        if ('add' in each) waiting.add(Uint8Array.from({ length: each.add }, () => added++ & 255))
        else for (let i = 0; i < each.shifts; i += 1) take()
        assert.equal(waiting.isEmpty, added === taken)
      }
      while (take());
      assert.equal(taken, added)
    }),
  )
})

test('single bytes of large buffers cost little more than themselves', () => {
  const waiting = new WaitingBytes()
  const large = new Uint8Array(65_536)
  for (let i = 0; i < large.length; i += 1) waiting.add(large.subarray(i, i + 1))
  let [pieces, bytes] = [0, 0]
  for (let piece = waiting.shift(); piece; piece = waiting.shift()) {
    pieces += 1
    bytes += piece.buffer.byteLength
  }
  assert.ok(pieces <= 5 && bytes <= 82_000, `${pieces} pieces, ${bytes} bytes`)
})
