import assert from 'node:assert/strict'
import type { Writable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import * as ws from 'ws'
import { decodeClose } from './close-payload.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { encodeFrame } from './frame-encoder.ts'
import { MessageCollector } from './message-collector.ts'
import { Opcode } from './opcode.ts'
import { WebSocketError } from './web-socket-error.ts'

// Our reader and that of the npm package `ws` are given the same bytes, cut differently, in both roles.

type Role = 'server' | 'client'

/** @types/ws does not have it. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: {
    isServer: boolean
    maxPayload: number
    allowSynchronousEvents: boolean
  }) => Writable
}

function eventsOfWs(chunks: readonly Uint8Array[], role: Role): string[] {
  const events: string[] = []
  const receiver = new Receiver({ isServer: role === 'server', maxPayload: 0, allowSynchronousEvents: true })
  receiver.on('message', (data: Buffer, isBinary: boolean) => events.push(message(isBinary ? 'binary' : 'text', data)))
  receiver.on('ping', (data: Buffer) => events.push(message('ping', data)))
  receiver.on('pong', (data: Buffer) => events.push(message('pong', data)))
  receiver.on('conclude', (code: number, reason: Buffer) => events.push(`close ${code} ${reason.toString()}`))
  receiver.on('error', () => {})
  let failed = false
  for (const chunk of chunks) {
    // What follows a CLOSE or a violation is nobody's concern.
    if (failed || receiver.writableEnded) break
    receiver.write(Buffer.from(chunk), (error) => {
      if (!error || failed) return
      failed = true
      const [symbol] = Object.getOwnPropertySymbols(error)
      events.push(`refused with ${(error as unknown as Record<symbol, number>)[symbol as symbol]}`)
    })
    if (receiver.errored) failed = true
  }
  const { errored } = receiver
  if (errored && !events.at(-1)?.startsWith('refused')) {
    const [symbol] = Object.getOwnPropertySymbols(errored)
    events.push(`refused with ${(errored as unknown as Record<symbol, number>)[symbol as symbol]}`)
  }
  return events
}

function ourEvents(chunks: readonly Uint8Array[], role: Role): string[] {
  const events: string[] = []
  const collector = new MessageCollector({
    maxTextBytes: Number.MAX_SAFE_INTEGER,
    maxBinaryBytes: Number.MAX_SAFE_INTEGER,
    onText: (text) => events.push(message('text', Buffer.from(text))),
    onBinary: (bytes) => events.push(message('binary', bytes)),
    onTooLarge: () => events.push('too large'),
    onInvalidText: () => {
      throw new WebSocketError('WS_INVALID_UTF8')
    },
  })
  const decoder = new FrameDecoder({
    expectMask: role === 'server',
    sink: {
      onFrame: (opcode) => {
        if (opcode !== Opcode.continuation) collector.onMessageStart(opcode === Opcode.text ? 'text' : 'binary')
      },
      onPayload: (buffer, start, end) => collector.onMessageData(buffer.subarray(start, end)),
      onFrameEnd: (fin) => {
        if (fin) collector.onMessageEnd()
      },
      onControl: (opcode, payload) => {
        if (opcode === Opcode.close) {
          const { code = 1005, reason } = decodeClose(payload)
          events.push(`close ${code} ${reason}`)
        } else events.push(message(opcode === Opcode.ping ? 'ping' : 'pong', payload))
      },
    },
  })
  try {
    for (const chunk of chunks) decoder.push(Uint8Array.from(chunk))
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error
    events.push(`refused with ${error.closeCode}`)
  }
  return events
}

function message(kind: string, bytes: Uint8Array): string {
  return `${kind} ${Buffer.from(bytes).toString('hex')}`
}

function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b)
  return [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end))
}

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => Buffer.from(text)),
  fc.constantFrom(125, 126, 127, 200, 65_535, 65_536, 70_000).map((length) => new Uint8Array(length).fill(0x61)),
)
const closePayload = fc.oneof(
  fc.constant(new Uint8Array(0)),
  fc
    .tuple(fc.oneof(fc.integer({ min: 900, max: 1100 }), fc.nat(65_535)), fc.uint8Array({ maxLength: 20 }))
    .map(([code, reason]) => Uint8Array.of(code >> 8, code & 255, ...reason)),
  fc
    .tuple(fc.constantFrom(1000, 1001, 1008, 3000, 4999), fc.string({ unit: 'grapheme', maxLength: 20 }))
    .map(([code, reason]) => Buffer.concat([Uint8Array.of(code >> 8, code & 255), Buffer.from(reason)])),
)

/** A message in one to four fragments with control frames between them, as a correct peer sends it. */
const correctMessage = fc
  .tuple(
    fc.constantFrom(Opcode.text, Opcode.binary),
    fc.array(payload, { minLength: 1, maxLength: 4 }),
    fc.option(fc.constantFrom(Opcode.ping, Opcode.pong)),
  )
  .map(
    ([opcode, parts, control]) =>
      (mask: boolean): Uint8Array[] =>
        parts.flatMap((part, index) => [
          encodeFrame(index === 0 ? opcode : Opcode.continuation, part, { mask, fin: index === parts.length - 1 }),
          ...(control === null ? [] : [encodeFrame(control, Buffer.from('between'), { mask })]),
        ]),
  )
const close = closePayload.map((bytes) => (mask: boolean) => [encodeFrame(Opcode.close, bytes, { mask })])

/** Two arbitrary first bytes, so that every rule for them is hit, and what makes the frame whole. */
const strangeFrame = fc
  .tuple(fc.nat(255), fc.nat(255), fc.uint8Array({ minLength: 12, maxLength: 300 }))
  .map(([first, second, rest]) => () => [Uint8Array.of(first, second, ...rest)])

const frames = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: correctMessage },
    { weight: 1, arbitrary: close },
    { weight: 1, arbitrary: strangeFrame },
  ),
  { maxLength: 6 },
)
const cuts = fc.oneof(fc.array(fc.nat(), { maxLength: 12 }), fc.array(fc.nat(400), { maxLength: 200 }))

for (const role of ['server', 'client'] as const) {
  test(`as ${role}: the same events as ws for any bytes, and the same close code for what ws refuses`, () => {
    fc.assert(
      fc.property(frames, cuts, cuts, fc.nat(), (list, ourCuts, theirCuts, lost) => {
        const bytes = Buffer.concat(list.flatMap((frame) => frame(role === 'server')))
        const received = bytes.subarray(0, bytes.length - (lost % 7 === 0 ? lost % (bytes.length + 1) : 0))
        const ours = ourEvents(cut(received, ourCuts), role)
        assert.deepEqual(ours, eventsOfWs(cut(received, theirCuts), role))
        assert.deepEqual(ours, ourEvents([received], role))
      }),
      { numRuns: 1_500 },
    )
  })

  test(`as ${role}: the same answer as ws to every way in which a frame can begin`, () => {
    const isMasked = role === 'server'
    const open = encodeFrame(Opcode.binary, new Uint8Array(1), { mask: isMasked, fin: false })
    for (const before of [new Uint8Array(0), open]) {
      for (let first = 0; first < 256; first++) {
        for (const second of [0, 1, 2, 125, 126, 127, 128, 129, 130, 253, 254, 255]) {
          const bytes = Buffer.concat([before, Uint8Array.of(first, second), new Uint8Array(12 + (second & 127))])
          assert.deepEqual(ourEvents([bytes], role), eventsOfWs([bytes], role), bytes.subarray(0, 20).toString('hex'))
        }
      }
    }
  })
}
