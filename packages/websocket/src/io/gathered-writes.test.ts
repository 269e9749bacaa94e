import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { encodeFrame } from '../frame-encoder.ts'
import { Opcode } from '../opcode.ts'
import { GatheredWrites } from './gathered-writes.ts'
import { WriteRegions } from './write-regions.ts'

interface Sink {
  readonly socket: Duplex
  /** Copies of what has been written, in order. */
  readonly writes: Buffer[]
  /** Ends the write that is under way. */
  readonly take: () => void
}

function sink(): Sink {
  const writes: Buffer[] = []
  let done: (() => void) | undefined
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, callback) {
      assert.equal(done, undefined, 'one write at a time')
      writes.push(Buffer.from(chunk))
      done = callback
    },
  })
  return {
    socket,
    writes,
    take: () => {
      const callback = done
      done = undefined
      callback?.()
    },
  }
}

test('what is written in one turn leaves in one piece', async () => {
  const { socket, writes } = sink()
  const out = new GatheredWrites({ socket, regions: new WriteRegions(), onWritten() {} })
  for (const text of ['one', ' two', ' three']) out.write(Buffer.from(text))
  assert.equal(writes.length, 0)
  await nextTurn()
  assert.deepEqual(writes.map(String), ['one two three'])
})

test('the bytes are copied: the caller may use them again at once', async () => {
  const { socket, writes } = sink()
  const out = new GatheredWrites({ socket, regions: new WriteRegions(), onWritten() {} })
  for (const size of [100, 100_000]) {
    const bytes = Buffer.alloc(size, 'a')
    out.write(bytes)
    bytes.fill('b')
  }
  await nextTurn()
  assert.equal(String(writes[0]), 'a'.repeat(100_100))
})

test('bytes of any sizes arrive whole and in order, however slowly they are taken', async () => {
  const sizes = fc.array(fc.oneof(fc.nat(100), fc.nat(5000), fc.nat(300_000)), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(sizes, fc.infiniteStream(fc.boolean()), async (lengths, coins) => {
      const { socket, writes, take } = sink()
      const regions = new WriteRegions()
      const out = new GatheredWrites({ socket, regions, onWritten() {} })
      const parts = lengths.map((length) => randomBytes(length))
      for (const part of parts) {
        out.write(part)
        if (coins.next().value) await nextTurn()
        if (coins.next().value) take()
      }
      while (out.waitingBytes > 0) {
        await nextTurn()
        take()
      }
      assert.ok(Buffer.concat(writes).equals(Buffer.concat(parts)))
    }),
    { numRuns: 50 },
  )
})

test('frames are written with header and without mask, whatever was written before and wherever a region ends', async () => {
  const sizes = fc.array(fc.oneof(fc.nat(100), fc.nat(5000), fc.nat(70_000)), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(140_000), async (lengths, before) => {
      const { socket, writes, take } = sink()
      const out = new GatheredWrites({ socket, regions: new WriteRegions(), onWritten() {} })
      out.write(new Uint8Array(before))
      const frames: Uint8Array[] = [new Uint8Array(before)]
      for (const length of lengths) {
        const payload = randomBytes(length)
        const masked = encodeFrame(Opcode.binary, payload, { mask: true })
        const at = masked.length - length
        const key = new DataView(masked.buffer).getInt32(at - 4, true)
        out.writeHeader(0x82, length)
        const middle = Math.floor(length / 3)
        out.writeUnmasked(masked, at, middle, key, 0)
        out.writeUnmasked(masked, at + middle, length - middle, key, middle & 3)
        frames.push(encodeFrame(Opcode.binary, payload, { mask: false }))
      }
      assert.equal(
        out.waitingBytes,
        frames.reduce((sum, { length }) => sum + length, 0),
      )
      while (out.waitingBytes > 0) {
        await nextTurn()
        take()
      }
      assert.ok(Buffer.concat(writes).equals(Buffer.concat(frames)))
    }),
    { numRuns: 50 },
  )
})

test('regions come back when their bytes have been taken, and a few small frames take none', async () => {
  const { socket, take } = sink()
  const regions = new WriteRegions()
  const out = new GatheredWrites({ socket, regions, onWritten() {} })
  out.write(Buffer.alloc(1000))
  out.write(Buffer.alloc(1000))
  await nextTurn()
  take()
  assert.equal(regions.freeCount, 0)
  out.write(Buffer.alloc(400_000))
  await nextTurn()
  assert.equal(regions.freeCount, 0)
  while (out.waitingBytes > 0) take()
  assert.ok(regions.freeCount > 0)
  const { freeCount } = regions
  for (let i = 0; i < 10; i += 1) {
    out.write(Buffer.alloc(100_000))
    await nextTurn()
    take()
  }
  assert.equal(regions.freeCount, freeCount, 'the same ones are used again')
})

test('end waits for the last byte, and waitingBytes tells what is left', async () => {
  const { socket, take } = sink()
  const written: number[] = []
  const out = new GatheredWrites({
    socket,
    regions: new WriteRegions(),
    onWritten: () => written.push(out.waitingBytes),
  })
  out.write(Buffer.alloc(131_072 + 10))
  let isFlushed = false
  out.end(() => {
    isFlushed = true
  })
  await nextTurn()
  take()
  assert.deepEqual([written, isFlushed], [[10], false])
  take()
  assert.deepEqual([written, isFlushed], [[10, 0], true])
})

test('a socket that is gone gives everything back', async () => {
  const { socket } = sink()
  const regions = new WriteRegions()
  const out = new GatheredWrites({ socket, regions, onWritten() {} })
  socket.destroy()
  await once(socket, 'close')
  out.write(Buffer.alloc(300_000))
  const flushed = Promise.withResolvers<void>()
  out.end(flushed.resolve)
  await flushed.promise
  assert.equal(out.waitingBytes, 0)
  assert.equal(regions.freeCount, 3)
})
