import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  encodePreamble,
  encodePreambleReply,
  PreambleDecoder,
  type PreambleMode,
  type PreambleReply,
  PreambleReplyDecoder,
} from './preamble.ts'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex')

test('the sender says version, mode and name length, then the name, in two messages', () => {
  const [header, name] = encodePreamble({ mode: 'stream', portName: '1433' })
  assert.equal(hex(header), '01000004')
  assert.equal(hex(name), '31343333')
  const [datagramHeader, datagramName] = encodePreamble({ mode: 'datagram', portName: '5000U' })
  assert.equal(hex(datagramHeader), '01000105')
  assert.equal(hex(datagramName), '3530303055')
})

test('a port name that does not fit its length byte is refused', () => {
  assert.throws(() => encodePreamble({ mode: 'stream', portName: 'ü'.repeat(128) }), { code: 'InvalidConfiguration' })
  assert.equal(encodePreamble({ mode: 'stream', portName: 'n'.repeat(255) })[0][3], 255)
})

test('the answers have the bytes of azbridge', () => {
  assert.equal(hex(encodePreambleReply('accepted', 'stream')), '010000')
  assert.equal(hex(encodePreambleReply('accepted', 'datagram')), '010001')
  assert.equal(hex(encodePreambleReply('unknownVersion', 'stream')), '000000')
  assert.equal(hex(encodePreambleReply('targetIsDatagram', 'stream')), '000001')
  assert.equal(hex(encodePreambleReply('targetIsStream', 'datagram')), '0000ff')
})

test('a preamble is read from one-byte chunks', () => {
  const decoder = new PreambleDecoder()
  const whole = bytes('01 00 00 04 31343333')
  for (const byte of whole.subarray(0, -1)) assert.equal(decoder.push(Uint8Array.of(byte)), undefined)
  assert.deepEqual(decoder.push(whole.subarray(-1)), {
    preamble: { mode: 'stream', portName: '1433' },
    rest: new Uint8Array(0),
  })
})

test('payload that shares a chunk with the preamble is handed on', () => {
  const read = new PreambleDecoder().push(bytes('01 00 00 02 6462 cafe'))
  assert.equal(read?.preamble?.portName, 'db')
  assert.equal(hex(read.rest), 'cafe')
})

test('a name of no bytes is a whole preamble', () => {
  assert.deepEqual(new PreambleDecoder().push(bytes('01000000'))?.preamble, { mode: 'stream', portName: '' })
})

for (const header of ['02000000', '01010000', '01000200', '47455420']) {
  test(`the header ${header} is another version`, () => {
    const read = new PreambleDecoder().push(bytes(header))
    assert.ok(read)
    assert.equal(read.preamble, undefined)
  })
}

test('an answer is read from one-byte chunks', () => {
  const decoder = new PreambleReplyDecoder('stream')
  assert.equal(decoder.push(bytes('01')), undefined)
  assert.equal(decoder.push(bytes('00')), undefined)
  assert.equal(decoder.push(bytes('00'))?.reply, 'accepted')
})

test('an answer that means nothing is told apart from a refusal', () => {
  const reply = (text: string, mode: PreambleMode): PreambleReply | undefined =>
    new PreambleReplyDecoder(mode).push(bytes(text))?.reply
  assert.equal(reply('000000', 'stream'), 'unknownVersion')
  assert.equal(reply('000001', 'stream'), 'targetIsDatagram')
  assert.equal(reply('0000ff', 'datagram'), 'targetIsStream')
  assert.equal(reply('010001', 'stream'), undefined)
  assert.equal(reply('000002', 'stream'), undefined)
  assert.equal(reply('485454', 'stream'), undefined)
})

test('any preamble in any chunking comes out as it went in, with the payload behind it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<PreambleMode>('stream', 'datagram'),
      fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => Buffer.byteLength(text) <= 255),
      fc.uint8Array({ maxLength: 50 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
      (mode, portName, payload, sizes) => {
        const [header, name] = encodePreamble({ mode, portName })
        const wire = Buffer.concat([header, name, payload])
        const decoder = new PreambleDecoder()
        let offset = 0
        for (const size of sizes) {
          const read = decoder.push(wire.subarray(offset, offset + size))
          offset += size
          if (!read) continue
          assert.deepEqual(read.preamble, { mode, portName })
          assert.deepEqual(Buffer.concat([read.rest, wire.subarray(offset)]), Buffer.from(payload))
          break
        }
      },
    ),
  )
})
