// Any bytes in any chunking: decoder and forwarder say the same as about the whole, say the same as each other, keep within
// the chunk, and throw nothing but WebSocketError. usage: node fuzz/websocket-frames.fuzz.ts [--seconds N]
import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  encodeFrame,
  FrameDecoder,
  FrameForwarder,
  Opcode,
  WebSocketError,
  writeFrameHeader,
  xorMask,
} from '@postern/websocket'
import fc from 'fast-check'
import { fuzzRun } from './fuzz-run.ts'

/** What was said about the bytes: frames with their payload, control frames, and how it ended. */
interface Heard {
  readonly messages: readonly string[]
  readonly control: readonly string[]
  readonly violation: number | undefined
}

/** Random bytes alone would hardly ever get past a header: most inputs are frames, some of them broken. */
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 30 }),
  fc.constantFrom(125, 126, 127, 128, 300, 16_384, 65_535, 65_536, 65_537).map((length) => new Uint8Array(length)),
)
const frame = fc
  .tuple(fc.constantFrom(0, 0, 1, 2, 2, 8, 9, 10, 3, 11), payload, fc.boolean(), fc.nat(15))
  .map(([opcode, bytes, fin, strange]) => {
    const whole = encodeFrame(opcode, bytes, { mask: strange !== 0, fin: fin || opcode > 7 })
    if (strange === 1) whole[0] = (whole[0] ?? 0) ^ 0x40
    return whole
  })
const input = fc
  .array(fc.oneof({ weight: 12, arbitrary: frame }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) }), {
    maxLength: 8,
  })
  .map((parts) => Buffer.concat(parts))

it('any bytes mean the same in any chunking, to the decoder and to the forwarder', () => {
  fc.assert(
    fc.property(input, fc.array(fc.nat(), { maxLength: 30 }), fc.constantFrom(1, 100, 65_536), (bytes, cuts, max) => {
      const whole = decode([bytes], { expectMask: true })
      const chunks = cut(bytes, cuts)
      assert.deepEqual(decode(chunks, { expectMask: true }), whole)
      const limit = bytes.length > 2_000 ? Math.max(max, 100) : max
      assert.deepEqual(forward(chunks, limit), withCloseChecked(whole))
    }),
    fuzzRun(),
  )
})

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b)
  return [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end))
}

/** Messages as `opcode[!][+] payload`: `!` for RSV1, `+` for unfinished. */
class MessageLog {
  readonly messages: string[] = []
  #open = false
  #head = ''
  #hex: string[] = []

  begin(opcode: number, rsv1: boolean): void {
    if (opcode === Opcode.continuation) return
    this.#open = true
    this.#head = `${opcode}${rsv1 ? '!' : ''}`
    this.#hex = []
  }

  add(bytes: Uint8Array): void {
    this.#hex.push(Buffer.from(bytes).toString('hex'))
  }

  end(fin: boolean): void {
    if (!fin) return
    this.messages.push(`${this.#head} ${this.#hex.join('')}`)
    this.#open = false
  }

  finish(): string[] {
    return this.#open ? [...this.messages, `${this.#head}+ ${this.#hex.join('')}`] : this.messages
  }
}

function decode(chunks: readonly Uint8Array[], { expectMask }: { readonly expectMask: boolean }): Heard {
  const log = new MessageLog()
  const control: string[] = []
  const decoder = new FrameDecoder({
    expectMask,
    allowRsv1: true,
    sink: {
      onFrame: (opcode, _fin, rsv1) => log.begin(opcode, rsv1),
      onPayload: (buffer, start, end) => log.add(buffer.subarray(start, end)),
      onFrameEnd: (fin) => log.end(fin),
      onControl: (opcode, bytes) => control.push(`${opcode} ${Buffer.from(bytes).toString('hex')}`),
    },
  })
  const violation = pushAll(chunks, (chunk) => decoder.push(chunk))
  return { messages: log.finish(), control, violation }
}

function forward(chunks: readonly Uint8Array[], maxFrameBytes: number): Heard {
  const segments: Uint8Array[] = []
  const control: string[] = []
  const note = (opcode: number, bytes: Uint8Array): void => {
    control.push(`${opcode} ${Buffer.from(bytes).toString('hex')}`)
  }
  const forwarder = new FrameForwarder({
    allowRsv1: true,
    maxFrameBytes,
    sink: {
      onHeader: (first, payloadLength) => {
        const header = new Uint8Array(10)
        const fields = { opcode: first & 15, fin: first >= 128, rsv1: (first & 64) !== 0, length: payloadLength }
        segments.push(header.subarray(0, writeFrameHeader(header, 0, fields)))
      },
      onPayload: (chunk, start, length, maskKey, phase) => {
        const piece = chunk.slice(start, start + length)
        xorMask(piece, { source: 0, target: 0, length }, maskKey, phase)
        segments.push(piece)
      },
      onPing: (bytes) => note(Opcode.ping, bytes),
      onPong: (bytes) => note(Opcode.pong, bytes),
      onClose: (bytes) => note(Opcode.close, bytes),
    },
  })
  const violation = pushAll(chunks, (chunk) => forwarder.push(chunk))
  const out = decode(segments, { expectMask: false })
  assert.equal(out.violation, undefined, 'what the forwarder writes is what a server may send')
  assert.deepEqual(out.control, [])
  return { messages: out.messages, control, violation }
}

/** The forwarder judges the payload of CLOSE too, which the decoder leaves to its owner. */
function withCloseChecked(heard: Heard): Heard {
  const last = heard.control.at(-1)
  if (!last?.startsWith('8 ')) return heard
  const bytes = Buffer.from(last.slice(2), 'hex')
  const code = bytes.length === 0 ? 1000 : bytes.readUInt16BE(0)
  const isValid = (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code < 5000)
  const isText = Buffer.from(bytes.subarray(2).toString()).equals(bytes.subarray(2))
  if (isValid && isText) return heard
  return { ...heard, control: heard.control.slice(0, -1), violation: isValid ? 1007 : 1002 }
}

/** Feeds copies that lie in guarded memory; the close code of the violation that ended it. */
function pushAll(chunks: readonly Uint8Array[], push: (chunk: Uint8Array) => void): number | undefined {
  const guards: [Uint8Array, number][] = []
  let violation: number | undefined
  for (const chunk of chunks) {
    const memory = new Uint8Array(chunk.length + 2).fill(0xa5)
    memory.set(chunk, 1)
    guards.push([memory, chunk.length])
    try {
      push(memory.subarray(1, chunk.length + 1))
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error
      violation = error.closeCode
      break
    }
  }
  for (const [memory, length] of guards) assert.ok(memory[0] === 0xa5 && memory[length + 1] === 0xa5)
  return violation
}
