import { randomFillSync } from 'node:crypto'
import { encodeFrame, FrameForwarder, Opcode } from '@postern/websocket'
import { bench, group, run, summary } from 'mitata'

const chunkBytes = 256 * 1_024

interface Shape {
  readonly name: string
  readonly payloadBytes: number
}

const shapes: readonly Shape[] = [
  { name: '128-byte messages', payloadBytes: 128 },
  { name: '4 KiB messages', payloadBytes: 4 * 1_024 },
  { name: '64 KiB messages', payloadBytes: 64 * 1_024 },
  { name: '256 KiB messages, split on the way out', payloadBytes: 256 * 1_024 },
]

/** Masked client frames of one size, as many whole ones as a read of 256 KiB brings, and at least one. */
function makeChunk(payloadBytes: number): Uint8Array {
  const frame = encodeFrame(Opcode.binary, randomFillSync(new Uint8Array(payloadBytes)), { mask: true })
  const count = Math.max(1, Math.floor(chunkBytes / frame.length))
  const chunk = new Uint8Array(frame.length * count)
  for (let index = 0; index < count; index++) chunk.set(frame, index * frame.length)
  return chunk
}

for (const { name, payloadBytes } of shapes) {
  const template = makeChunk(payloadBytes)
  let written = 0
  const forwarder = new FrameForwarder({
    allowRsv1: false,
    sink: {
      onHeader: () => {},
      onPayload: (_chunk, _start, length) => {
        written += length
      },
      onPing: () => {},
      onPong: () => {},
      onClose: () => {},
    },
  })
  group(`forward ${name}, chunk of ${template.length} bytes`, () => {
    summary(() => {
      // Headers alone: payload is unmasked on its way to where it is sent from, by whoever hears of it.
      bench(`forward, ${name}`, () => forwarder.push(template))
    })
  })
  forwarder.push(template)
  if (written === 0) throw new Error(`nothing was forwarded of ${name}`)
}

await run()
