import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { takeMaskMemory } from './mask-memory.ts'
import { xorMask, xorRegion, xorTo } from './xor-mask.ts'

/** RFC 6455 section 5.3, word for word. */
function maskByTheBook(bytes: Uint8Array, key: number, phase: number): Uint8Array {
  const octets = [key & 255, (key >>> 8) & 255, (key >>> 16) & 255, key >>> 24]
  return bytes.map((byte, index) => byte ^ octets[(index + phase) & 3]!)
}

const lengths = fc.oneof(fc.nat(300), fc.constantFrom(16_383, 16_384, 16_385, 32_768, 40_001, 65_536))
const filled = lengths.map((length) => Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 7)) & 255))

test('masking is that of RFC 6455 section 5.3 for every length, key, phase and place', () => {
  fc.assert(
    fc.property(filled, fc.integer(), fc.nat(3), fc.nat(20), (bytes, key, phase, at) => {
      const buffer = new Uint8Array(bytes.length + 40).fill(0xaa)
      buffer.set(bytes, at)
      const next = xorMask(buffer, { source: at, target: at, length: bytes.length }, key, phase)
      assert.equal(next, (phase + bytes.length) & 3)
      assert.deepEqual(buffer.subarray(at, at + bytes.length), maskByTheBook(bytes, key >>> 0, phase))
      assert.ok(buffer.subarray(0, at).every((byte) => byte === 0xaa))
      assert.ok(buffer.subarray(at + bytes.length).every((byte) => byte === 0xaa))
    }),
  )
})

test('masking in pieces is masking the whole', () => {
  fc.assert(
    fc.property(filled, fc.integer(), fc.nat(), (bytes, key, place) => {
      const middle = place % (bytes.length + 1)
      const pieces = bytes.slice()
      const phase = xorRegion(pieces, 0, 0, middle, key, 0)
      xorRegion(pieces, middle, middle, bytes.length - middle, key, phase)
      assert.deepEqual(pieces, maskByTheBook(bytes, key >>> 0, 0))
    }),
  )
})

test('a result that moves down over its own source is right', () => {
  fc.assert(
    fc.property(filled, fc.constantFrom(0, 0x1f2e3d4c, -1), fc.nat(20), (bytes, key, distance) => {
      const buffer = new Uint8Array(bytes.length + distance)
      buffer.set(bytes, distance)
      xorRegion(buffer, distance, 0, bytes.length, key, 0)
      assert.deepEqual(buffer.subarray(0, bytes.length), maskByTheBook(bytes, key >>> 0, 0))
    }),
  )
})

/** What sockets read to and write from lies in mask memory, what comes with a handshake does not. */
const memories = [new Uint8Array(70_000), takeMaskMemory(70_000), takeMaskMemory(70_000)]

test('masking from one buffer to another is the same, wherever each of them lies, and leaves the first as it was', () => {
  const places = fc.tuple(fc.constantFrom(0, 1, 2), fc.constantFrom(0, 1, 2), fc.nat(20), fc.nat(20))
  fc.assert(
    fc.property(filled, fc.integer(), fc.nat(3), places, (bytes, key, phase, [from, to, start, at]) => {
      fc.pre(from !== to)
      const [source, target] = [memories[from]!, memories[to]!]
      source.set(bytes, start)
      target.fill(0xaa)
      xorTo(source, start, target, at, bytes.length, key, phase)
      assert.deepEqual(target.slice(at, at + bytes.length), maskByTheBook(bytes, key >>> 0, phase))
      assert.ok(target.subarray(0, at).every((byte) => byte === 0xaa))
      assert.ok(target.subarray(at + bytes.length).every((byte) => byte === 0xaa))
      assert.deepEqual(source.slice(start, start + bytes.length), bytes)
    }),
  )
})

test('bytes in mask memory are masked where they lie, also when they move down over their own source', () => {
  fc.assert(
    fc.property(filled, fc.constantFrom(0, 0x1f2e3d4c, -1), fc.nat(3), fc.nat(20), (bytes, key, phase, distance) => {
      const buffer = memories[1]!
      buffer.set(bytes, distance)
      xorRegion(buffer, distance, 0, bytes.length, key, phase)
      assert.deepEqual(buffer.slice(0, bytes.length), maskByTheBook(bytes, key >>> 0, phase))
    }),
  )
})

test("mask memory that was handed out is nobody else's, and when there is no more, ordinary memory is", () => {
  const parts = Array.from({ length: 30 }, () => takeMaskMemory(1_000_000))
  parts.forEach((part, index) => part.fill(index))
  parts.forEach((part, index) => assert.ok(part.every((byte) => byte === index)))
  assert.ok(parts.every((part) => part.length === 1_000_000))
  assert.notEqual(parts[0]?.buffer, parts.at(-1)?.buffer)
})
