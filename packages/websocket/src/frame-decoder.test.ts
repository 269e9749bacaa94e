import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FrameDecoder } from './frame-decoder.ts'
import { encodeFrame } from './frame-encoder.ts'
import { Opcode } from './opcode.ts'
import { WebSocketError } from './web-socket-error.ts'

/** What a decoder says about bytes, one line an event; payload pieces of one frame are joined. */
function decode(
  bytes: Uint8Array,
  options: { readonly expectMask: boolean; readonly allowRsv1?: boolean; readonly chunkBytes?: number },
): string[] {
  const events: string[] = []
  let payload = Buffer.alloc(0)
  const decoder = new FrameDecoder({
    expectMask: options.expectMask,
    allowRsv1: options.allowRsv1 ?? false,
    sink: {
      onFrame: (opcode, fin, rsv1, length) => {
        payload = Buffer.alloc(0)
        events.push(`frame ${opcode}${fin ? ' fin' : ''}${rsv1 ? ' rsv1' : ''} ${length}`)
      },
      onPayload: (buffer, start, end) => {
        payload = Buffer.concat([payload, buffer.subarray(start, end)])
      },
      onFrameEnd: (fin) => events.push(`end${fin ? ' fin' : ''} ${payload.toString('latin1')}`),
      onControl: (opcode, control) => events.push(`control ${opcode} ${Buffer.from(control).toString('latin1')}`),
    },
  })
  const step = options.chunkBytes ?? bytes.length
  try {
    for (let at = 0; at < bytes.length; at += step) decoder.push(Uint8Array.from(bytes.subarray(at, at + step)))
  } catch (error) {
    assert.ok(error instanceof WebSocketError)
    events.push(`${error.code} ${error.closeCode}`)
  }
  return events
}

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

/** RFC 6455 section 5.7, in its order. */
const examples = [
  { bytes: '81 05 48656c6c6f', expectMask: false, events: ['frame 1 fin 5', 'end fin Hello'] },
  { bytes: '81 85 37fa213d 7f9f4d5158', expectMask: true, events: ['frame 1 fin 5', 'end fin Hello'] },
  {
    bytes: '01 03 48656c 80 02 6c6f',
    expectMask: false,
    events: ['frame 1 3', 'end Hel', 'frame 0 fin 2', 'end fin lo'],
  },
  { bytes: '89 05 48656c6c6f', expectMask: false, events: ['control 9 Hello'] },
  { bytes: '8a 85 37fa213d 7f9f4d5158', expectMask: true, events: ['control 10 Hello'] },
] as const

describe('FrameDecoder', () => {
  for (const { bytes, expectMask, events } of examples) {
    test(`reads ${bytes} of RFC 6455 section 5.7 whole and in one-byte chunks`, () => {
      assert.deepEqual(decode(hex(bytes), { expectMask }), events)
      assert.deepEqual(decode(hex(bytes), { expectMask, chunkBytes: 1 }), events)
    })
  }

  test('reads the 256-byte and 64 KiB frames of RFC 6455 section 5.7', () => {
    const small = Buffer.concat([hex('827e0100'), Buffer.alloc(256, 'a')])
    const large = Buffer.concat([hex('827f0000000000010000'), Buffer.alloc(65_536, 'b')])
    assert.deepEqual(decode(small, { expectMask: false }), ['frame 2 fin 256', `end fin ${'a'.repeat(256)}`])
    assert.deepEqual(decode(large, { expectMask: false, chunkBytes: 1000 }), [
      'frame 2 fin 65536',
      `end fin ${'b'.repeat(65_536)}`,
    ])
  })

  test('reports control frames between the fragments of a message, in order', () => {
    const bytes = Buffer.concat([
      encodeFrame(Opcode.text, Buffer.from('a'), { mask: true, fin: false }),
      encodeFrame(Opcode.ping, Buffer.from('p'), { mask: true }),
      encodeFrame(Opcode.continuation, Buffer.from('b'), { mask: true, fin: false }),
      encodeFrame(Opcode.pong, new Uint8Array(0), { mask: true }),
      encodeFrame(Opcode.continuation, new Uint8Array(0), { mask: true }),
    ])
    const events = [
      'frame 1 1',
      'end a',
      'control 9 p',
      'frame 0 1',
      'end b',
      'control 10 ',
      'frame 0 fin 0',
      'end fin ',
    ]
    assert.deepEqual(decode(bytes, { expectMask: true }), events)
    assert.deepEqual(decode(bytes, { expectMask: true, chunkBytes: 1 }), events)
  })

  test('ignores what follows a CLOSE', () => {
    assert.deepEqual(decode(hex('8802 03e8 81 05 48656c6c6f ff ff'), { expectMask: false }), ['control 8 \x03è'])
  })

  test('reports RSV1 where a message may be compressed', () => {
    assert.deepEqual(decode(hex('c1 01 00'), { expectMask: false, allowRsv1: true }), [
      'frame 1 fin rsv1 1',
      'end fin \0',
    ])
  })

  const violations = [
    ['c1 00', 'WS_RESERVED_BITS 1002', 'RSV1 that nobody agreed to'],
    ['a1 00', 'WS_RESERVED_BITS 1002', 'RSV2'],
    ['91 00', 'WS_RESERVED_BITS 1002', 'RSV3'],
    ['83 00', 'WS_RESERVED_OPCODE 1002', 'a reserved data opcode'],
    ['8b 00', 'WS_RESERVED_OPCODE 1002', 'a reserved control opcode'],
    ['09 00', 'WS_FRAGMENTED_CONTROL 1002', 'a fragmented PING'],
    ['89 7e', 'WS_CONTROL_TOO_LONG 1002', 'a PING of more than 125 bytes'],
    ['88 7f', 'WS_CONTROL_TOO_LONG 1002', 'a CLOSE of more than 125 bytes'],
    ['88 01', 'WS_CLOSE_MALFORMED 1002', 'a CLOSE of one byte'],
    ['80 00', 'WS_UNEXPECTED_CONTINUATION 1002', 'a continuation of nothing'],
    ['81 80', 'WS_MASK_UNEXPECTED 1002', 'a masked frame of a server'],
    ['82 7f 0020000000000000', 'WS_LENGTH_UNSUPPORTED 1009', 'a length of 2^53'],
    ['82 7f 8000000000000000', 'WS_LENGTH_UNSUPPORTED 1009', 'a length with the highest bit'],
  ] as const
  for (const [bytes, error, what] of violations) {
    test(`refuses ${what} as soon as it shows`, () => {
      assert.deepEqual(decode(hex(bytes), { expectMask: false }), [error])
      assert.deepEqual(decode(hex(bytes), { expectMask: false, chunkBytes: 1 }), [error])
      // With the bytes of a whole header behind it, the other way through the reader.
      assert.deepEqual(decode(hex(`${bytes}${'00'.repeat(14)}`), { expectMask: false }), [error])
    })
  }

  test('refuses an unmasked frame of a client', () => {
    assert.deepEqual(decode(hex('81 00'), { expectMask: true }), ['WS_MASK_MISSING 1002'])
  })

  test('refuses a new message inside another', () => {
    assert.deepEqual(decode(hex('01 00 81 00'), { expectMask: false }), [
      'frame 1 0',
      'end ',
      'WS_UNFINISHED_MESSAGE 1002',
    ])
  })

  test('refuses RSV1 on continuation and control frames even where messages may be compressed', () => {
    for (const bytes of ['41 00 c0 00', 'c9 00']) {
      const events = decode(hex(bytes), { expectMask: false, allowRsv1: true })
      assert.equal(events.at(-1), 'WS_RESERVED_BITS 1002')
    }
  })
})
