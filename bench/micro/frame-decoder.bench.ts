import { randomFillSync } from 'node:crypto'
import { encodeFrame, FrameDecoder, type FrameSink, Opcode } from '@postern/websocket'
import { bench, group, run, summary } from 'mitata'

// What our own ends and the control channels do with what they read: headers and payload, unmasked where it lies.

const chunkBytes = 128 * 1_024
let heard = 0
const sink: FrameSink = {
  onFrame: () => {},
  onPayload: (_buffer, start, end) => {
    heard += end - start
  },
  onFrameEnd: () => {},
  onControl: () => {},
}

/** As many whole frames as a read brings, and at least one. */
function makeChunk(payloadBytes: number, mask: boolean): Uint8Array {
  const frame = encodeFrame(Opcode.binary, randomFillSync(new Uint8Array(payloadBytes)), { mask })
  const count = Math.max(1, Math.floor(chunkBytes / frame.length))
  const chunk = new Uint8Array(frame.length * count)
  for (let index = 0; index < count; index += 1) chunk.set(frame, index * frame.length)
  return chunk
}

for (const payloadBytes of [128, 4_096, 65_000]) {
  group(`decode frames of ${payloadBytes} bytes, a read of about 128 KiB`, () => {
    summary(() => {
      for (const expectMask of [true, false]) {
        const chunk = makeChunk(payloadBytes, expectMask)
        const decoder = new FrameDecoder({ expectMask, sink })
        // Unmasking twice gives the bytes back, and a header is not changed: one chunk serves all rounds.
        bench(`${expectMask ? 'masked' : 'not masked'}, ${payloadBytes} bytes`, () => decoder.push(chunk))
      }
    })
  })
}

const decoder = new FrameDecoder({ expectMask: true, sink })
const small = encodeFrame(Opcode.binary, randomFillSync(new Uint8Array(128)), { mask: true })
group('decode one frame of 128 bytes', () => {
  bench('in one piece', () => decoder.push(small))
  bench('byte by byte', () => {
    for (let at = 0; at < small.length; at += 1) decoder.push(small.subarray(at, at + 1))
  })
})

await run()
if (heard === 0) throw new Error('nothing was decoded')
