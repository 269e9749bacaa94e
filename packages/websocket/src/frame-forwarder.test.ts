import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { encodeClose } from './close-payload.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { encodeFrame, frameHeaderLength, writeFrameHeader, writeHeaderFields } from './frame-encoder.ts'
import { type ForwardSink, FrameForwarder } from './frame-forwarder.ts'
import { xorTo } from './mask/xor-mask.ts'
import { Opcode } from './opcode.ts'
import { WebSocketError } from './web-socket-error.ts'

interface SentFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly rsv1: boolean
  readonly payload: Buffer
}

/** What came out of a forwarder. */
interface Forwarded {
  readonly frames: readonly SentFrame[]
  readonly control: readonly string[]
  /** Close code of the violation that ended it. */
  readonly violation?: number
  readonly payloadBytes: number
}

/** Frames in pieces as the bytes that a socket gets. */
function segmentsTo(onSegment: (bytes: Uint8Array) => void): Pick<ForwardSink, 'onHeader' | 'onPayload'> {
  return {
    onHeader: (first, payloadLength) => {
      const header = new Uint8Array(frameHeaderLength(payloadLength, false))
      writeHeaderFields(header, 0, first, payloadLength, 0)
      onSegment(header)
    },
    onPayload: (chunk, start, length, maskKey, phase) => {
      const payload = new Uint8Array(length)
      xorTo(chunk, start, payload, 0, length, maskKey, phase)
      onSegment(payload)
    },
  }
}

function forward(
  chunks: readonly Uint8Array[],
  options: { readonly allowRsv1?: boolean; readonly maxFrameBytes?: number } = {},
): Forwarded {
  const segments: Uint8Array[] = []
  const control: string[] = []
  const forwarder = new FrameForwarder({
    sink: {
      ...segmentsTo((bytes) => segments.push(bytes)),
      onPing: (payload) => control.push(`ping ${Buffer.from(payload).toString('latin1')}`),
      onPong: (payload) => control.push(`pong ${Buffer.from(payload).toString('latin1')}`),
      onClose: (payload) => control.push(`close ${Buffer.from(payload).toString('hex')}`),
    },
    allowRsv1: options.allowRsv1 ?? false,
    ...(options.maxFrameBytes !== undefined && { maxFrameBytes: options.maxFrameBytes }),
  })
  let violation: number | undefined
  try {
    for (const chunk of chunks) forwarder.push(Uint8Array.from(chunk))
  } catch (error) {
    assert.ok(error instanceof WebSocketError)
    violation = error.closeCode
  }
  return {
    frames: readServerFrames(Buffer.concat(segments)),
    control,
    payloadBytes: forwarder.payloadBytes,
    ...(violation !== undefined && { violation }),
  }
}

/** Complete and begun frames of a server. */
function readServerFrames(bytes: Uint8Array): SentFrame[] {
  const frames: SentFrame[] = []
  const decoder = new FrameDecoder({
    expectMask: false,
    allowRsv1: true,
    sink: {
      onFrame: (opcode, fin, rsv1) => frames.push({ opcode, fin, rsv1, payload: Buffer.alloc(0) }),
      onPayload: (buffer, start, end) => {
        const frame = frames.pop()!
        frames.push({ ...frame, payload: Buffer.concat([frame.payload, buffer.subarray(start, end)]) })
      },
      onFrameEnd: () => {},
      onControl: () => assert.fail('control frames are not forwarded'),
    },
  })
  decoder.push(bytes)
  return frames
}

function client(
  opcode: number,
  payload: Uint8Array | string,
  options: { fin?: boolean; rsv1?: boolean } = {},
): Uint8Array {
  const frame = encodeFrame(opcode, Buffer.from(payload), { mask: true, fin: options.fin ?? true })
  if (options.rsv1) frame[0]! |= 0x40
  return frame
}

function pattern(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 255))
}

function oneByteChunks(bytes: Uint8Array): Uint8Array[] {
  return [...bytes].map((byte) => Uint8Array.of(byte))
}

describe('FrameForwarder', () => {
  test('unmasks frames of every header size and keeps opcode, FIN and boundaries', () => {
    for (const length of [0, 1, 125, 126, 127, 128, 1000, 16_383, 16_384, 65_535, 65_536]) {
      const payload = pattern(length)
      const { frames, payloadBytes } = forward([client(Opcode.binary, payload)])
      assert.deepEqual(frames, [{ opcode: Opcode.binary, fin: true, rsv1: false, payload }], `${length} bytes`)
      assert.equal(payloadBytes, length)
    }
  })

  test('forwards a chunk with many messages', () => {
    const messages = Array.from({ length: 50 }, (_, index) => pattern(index * 7))
    const { frames } = forward([Buffer.concat(messages.map((payload) => client(Opcode.text, payload)))])
    assert.deepEqual(
      frames.map(({ payload }) => payload),
      messages,
    )
  })

  test('forwards the same frames from one-byte chunks', () => {
    const bytes = Buffer.concat([
      client(Opcode.text, 'He', { fin: false }),
      client(Opcode.continuation, pattern(300)),
      client(Opcode.binary, ''),
      client(Opcode.binary, pattern(126)),
    ])
    const whole = forward([bytes])
    assert.equal(whole.frames.length, 4)
    assert.deepEqual(forward(oneByteChunks(bytes)).frames, whole.frames)
  })

  test('splits a frame of more than 64 KiB: opcode on the first part, FIN on the last', () => {
    const payload = pattern(65_536 * 2 + 10)
    const { frames } = forward([client(Opcode.text, payload)])
    assert.deepEqual(
      frames.map(({ opcode, fin, payload: part }) => [opcode, fin, part.length]),
      [
        [Opcode.text, false, 65_536],
        [Opcode.continuation, false, 65_536],
        [Opcode.continuation, true, 10],
      ],
    )
    assert.ok(Buffer.concat(frames.map(({ payload: part }) => part)).equals(payload))
  })

  test('leaves FIN off all parts of a long fragment that is not the last', () => {
    const { frames } = forward(
      [client(Opcode.binary, pattern(25), { fin: false }), client(Opcode.continuation, pattern(15))],
      {
        maxFrameBytes: 10,
      },
    )
    assert.deepEqual(
      frames.map(({ opcode, fin, payload }) => [opcode, fin, payload.length]),
      [
        [2, false, 10],
        [0, false, 10],
        [0, false, 5],
        [0, false, 10],
        [0, true, 5],
      ],
    )
  })

  test('sets RSV1 on the first part of a split compressed message only, and the message inflates', () => {
    const text = pattern(300_000).toString('base64')
    const payload = deflateRawSync(text, { level: 1 })
    const { frames } = forward([client(Opcode.text, payload, { rsv1: true })], { allowRsv1: true, maxFrameBytes: 4096 })
    assert.ok(frames.length > 2)
    assert.deepEqual(
      frames.map(({ rsv1 }) => rsv1),
      frames.map((_, index) => index === 0),
    )
    assert.equal(inflateRawSync(Buffer.concat(frames.map((frame) => frame.payload))).toString(), text)
  })

  test('passes compressed frames of up to 64 KiB untouched', () => {
    const payload = deflateRawSync(pattern(1000))
    const { frames } = forward([client(Opcode.binary, payload, { rsv1: true })], { allowRsv1: true })
    assert.deepEqual(frames, [{ opcode: Opcode.binary, fin: true, rsv1: true, payload }])
  })

  test('keeps control frames of the hop out of the stream, also between and inside chunks of a message', () => {
    const bytes = Buffer.concat([
      client(Opcode.text, 'a', { fin: false }),
      client(Opcode.ping, 'one'),
      client(Opcode.continuation, 'b', { fin: false }),
      client(Opcode.pong, ''),
      client(Opcode.continuation, 'c'),
    ])
    for (const chunks of [[bytes], oneByteChunks(bytes)]) {
      const { frames, control } = forward(chunks)
      assert.equal(Buffer.concat(frames.map(({ payload }) => payload)).toString(), 'abc')
      assert.deepEqual(control, ['ping one', 'pong '])
    }
  })

  test('reports CLOSE after the data before it, and ignores what follows', () => {
    const order: string[] = []
    const forwarder = new FrameForwarder({
      allowRsv1: false,
      sink: {
        ...segmentsTo((bytes) => order.push(`${bytes.length} bytes`)),
        onPing: () => order.push('ping'),
        onPong: () => order.push('pong'),
        onClose: (payload) => order.push(`close ${Buffer.from(payload).toString('hex')}`),
      },
    })
    const close = client(Opcode.close, encodeClose(1000, 'Shutdown'))
    forwarder.push(Buffer.concat([client(Opcode.binary, 'xyz'), close, client(Opcode.binary, 'late')]))
    forwarder.push(client(Opcode.pong, ''))
    assert.deepEqual(order, ['2 bytes', '3 bytes', `close 03e8${Buffer.from('Shutdown').toString('hex')}`])
  })

  for (const [what, bytes, code] of [
    ['an unmasked frame', Uint8Array.of(0x82, 1, 0), 1002],
    ['RSV1 without agreement', client(Opcode.text, 'a', { rsv1: true }), 1002],
    ['a reserved opcode', client(3, 'a'), 1002],
    ['a continuation of nothing', client(Opcode.continuation, 'a'), 1002],
    ['a CLOSE with code 1005', client(Opcode.close, Uint8Array.of(0x03, 0xed)), 1002],
    ['a CLOSE whose reason is not UTF-8', client(Opcode.close, Uint8Array.of(0x03, 0xe8, 0xff)), 1007],
  ] as const) {
    test(`refuses ${what} with ${code}, after the frames before it went out`, () => {
      const good = client(Opcode.binary, 'good')
      for (const chunks of [[Buffer.concat([good, bytes])], [good, ...oneByteChunks(bytes)]]) {
        const { frames, violation } = forward(chunks)
        assert.equal(violation, code)
        assert.deepEqual(
          frames.map(({ payload }) => payload.toString()),
          ['good'],
        )
      }
    })
  }

  test('is at a frame boundary between messages and between the parts of a split frame, and nowhere else', () => {
    const forwarder = new FrameForwarder({
      sink: { ...segmentsTo(() => {}), onPing: () => {}, onPong: () => {}, onClose: () => {} },
      allowRsv1: false,
      maxFrameBytes: 10,
    })
    assert.equal(forwarder.atFrameBoundary, true)
    const bytes = client(Opcode.binary, pattern(25))
    const header = bytes.length - 25
    const boundaries: number[] = []
    for (let at = 0; at < bytes.length; at++) {
      forwarder.push(bytes.slice(at, at + 1))
      if (forwarder.atFrameBoundary && at >= header) boundaries.push(at + 1 - header)
    }
    assert.deepEqual(boundaries, [10, 20, 25])
  })

  test('hands a frame on piece by piece: no payload is kept', () => {
    let out = 0
    const forwarder = new FrameForwarder({
      sink: {
        ...segmentsTo((bytes) => {
          out += bytes.length
        }),
        onPing: () => {},
        onPong: () => {},
        onClose: () => {},
      },
      allowRsv1: false,
      maxFrameBytes: 2 ** 40,
    })
    const header = new Uint8Array(14)
    writeFrameHeader(header, 0, { opcode: Opcode.binary, fin: true, length: 2 ** 36, maskKey: 0x01020304 })
    forwarder.push(header)
    assert.equal(out, 10)
    for (let i = 1; i <= 4; i++) {
      forwarder.push(new Uint8Array(65_536))
      assert.equal(out, 10 + i * 65_536)
    }
  })

  test('leaves the chunk as it was', () => {
    const frame = client(Opcode.binary, pattern(5000))
    const before = frame.slice()
    const sink = { ...segmentsTo(() => {}), onPing: () => {}, onPong: () => {}, onClose: () => {} }
    new FrameForwarder({ sink, allowRsv1: false }).push(frame)
    assert.deepEqual(frame, before)
  })

  test('forwards the same messages in any chunking, and no frame is longer than allowed', () => {
    const payloads = fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.nat(400).map(pattern), fc.nat(40_000).map(pattern))
    const messages = fc.array(fc.tuple(fc.constantFrom(Opcode.text, Opcode.binary), payloads, fc.boolean()), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(
        messages,
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.integer({ min: 1, max: 70_000 }),
        (list, cuts, max) => {
          const bytes = Buffer.concat(
            list.flatMap(([opcode, payload, ping]) => [
              client(opcode, payload),
              ...(ping ? [client(Opcode.ping, 'p')] : []),
            ]),
          )
          const places = [...new Set(cuts.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b)
          const chunks = [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end))
          const { frames, control, violation } = forward(chunks, { maxFrameBytes: max })
          assert.equal(violation, undefined)
          assert.equal(control.length, list.filter(([, , ping]) => ping).length)
          assert.ok(frames.every(({ payload }) => payload.length <= max))
          const joined: { opcode: number; payload: Buffer }[] = []
          for (const { opcode, payload } of frames) {
            if (opcode === Opcode.continuation)
              joined.at(-1)!.payload = Buffer.concat([joined.at(-1)!.payload, payload])
            else joined.push({ opcode, payload })
          }
          assert.deepEqual(
            joined,
            list.map(([opcode, payload]) => ({ opcode, payload: Buffer.from(payload) })),
          )
        },
      ),
      { numRuns: 300 },
    )
  })
})
