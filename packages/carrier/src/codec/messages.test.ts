import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CarrierFrameDecoder } from './frame-decoder.ts'
import { FrameType } from './frame-type.ts'
import {
  decodeAttached,
  decodeHello,
  decodeOpen,
  decodeReason,
  decodeResume,
  encodeHello,
  encodeOpenTail,
  encodeReason,
  maxOpenFrameBytes,
  writeAttached,
  writeOpen,
  writeResume,
} from './messages.ts'
import { maxOffset } from './numbers.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const secret = Uint8Array.from({ length: 16 }, (_, index) => index)
const fields = { stream: 7, attempt: 2, secret, received: maxOffset, limit: 65_536 }

/** The payload of the one frame in `bytes`, which the decoder is given byte by byte. */
function payloadOf(bytes: Uint8Array): Uint8Array {
  const payloads: Uint8Array[] = []
  const decoder = new CarrierFrameDecoder({
    onFrame: (_frame, payload) => payloads.push(payload.slice()),
    onData: () => assert.fail(),
  })
  for (let at = 0; at < bytes.length; at += 1) decoder.push(bytes.subarray(at, at + 1))
  assert.equal(payloads.length, 1)
  return payloads[0]!
}

test('HELLO has the bytes of the protocol page', () => {
  const bytes = encodeHello({
    id: 'l1',
    maxStreams: 1024,
    firstCreditBytes: 65_536,
    resumeTimeoutMs: 60_000,
    epoch: 0x0102_0304_0506,
  })
  assert.equal(hex(bytes), '01000019000000000101000300000400000100000000ea60010203040506026c31')
  const hello = {
    id: 'l1',
    maxStreams: 1024,
    firstCreditBytes: 65_536,
    resumeTimeoutMs: 60_000,
    epoch: 0x0102_0304_0506,
  }
  assert.deepEqual(decodeHello(payloadOf(bytes)), hello)
})

test('an end that cannot resume keeps no stream without a carrier', () => {
  const bytes = encodeHello({
    id: '',
    maxStreams: 1,
    firstCreditBytes: 1,
    resumeTimeoutMs: 60_000,
    epoch: 0x0102_0304_0506,
  })
  bytes[11] = 2
  assert.equal(decodeHello(payloadOf(bytes)).resumeTimeoutMs, 0)
})

test('OPEN and RESUME come back as they were written', () => {
  const buffer = new Uint8Array(maxOpenFrameBytes)
  const tail = encodeOpenTail('dé.corp:5432', '{"caller":"ann"}')
  const end = writeOpen(buffer, 0, { ...fields, kind: 'udp', tail })
  const open = decodeOpen(payloadOf(buffer.subarray(0, end)))
  const resume = { attempt: 2, secret: hex(secret), received: maxOffset, limit: 65_536 }
  assert.deepEqual(open, { ...resume, kind: 'udp', target: 'dé.corp:5432', context: '{"caller":"ann"}' })
  assert.deepEqual(decodeResume(payloadOf(buffer.subarray(0, writeResume(buffer, 0, fields)))), resume)
  assert.equal(buffer[0], FrameType.resume)
})

test('target and context have their limits', () => {
  const longest = encodeOpenTail('t'.repeat(512), 'c'.repeat(4096))
  assert.equal(
    writeOpen(new Uint8Array(maxOpenFrameBytes), 0, { ...fields, kind: 'tcp', tail: longest }),
    maxOpenFrameBytes,
  )
  assert.throws(() => encodeOpenTail('t'.repeat(513), ''), RangeError)
  assert.throws(() => encodeOpenTail('', 'é'.repeat(2049)), RangeError)
})

test('ATTACHED has the bytes of the protocol page', () => {
  const buffer = new Uint8Array(25)
  writeAttached(buffer, 0, { stream: 7, attempt: 2, isConnected: true, received: 1, limit: 65_537 })
  assert.equal(hex(buffer), '12000011000000070000000201000000000001000000010001')
  assert.deepEqual(decodeAttached(payloadOf(buffer)), { attempt: 2, isConnected: true, received: 1, limit: 65_537 })
})

test('a reason is cut at 256 bytes, at a character', () => {
  const bytes = encodeReason({ type: FrameType.reset, stream: 1, code: 3, reason: `x${'é'.repeat(200)}` })
  assert.deepEqual(decodeReason(payloadOf(bytes)), { code: 3, reason: `x${'é'.repeat(127)}` })
})
