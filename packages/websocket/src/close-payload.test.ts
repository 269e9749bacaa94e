import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeClose, encodeClose } from './close-payload.ts'
import type { WebSocketError } from './web-socket-error.ts'

test('code and reason survive the way through a payload', () => {
  assert.deepEqual(decodeClose(encodeClose(1000, 'Schluß')), { code: 1000, reason: 'Schluß' })
  assert.deepEqual(decodeClose(encodeClose(4999)), { code: 4999, reason: '' })
  assert.deepEqual(decodeClose(encodeClose()), { reason: '' })
  assert.equal(encodeClose().length, 0)
})

test('a reason of more than 123 bytes is cut before the character that does not fit', () => {
  const payload = encodeClose(1001, 'é'.repeat(100))
  assert.equal(payload.length, 124)
  assert.deepEqual(decodeClose(payload), { code: 1001, reason: 'é'.repeat(61) })
})

test('codes that must not stand on the wire are refused with 1002', () => {
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535]) {
    assert.throws(() => decodeClose(Uint8Array.of(code >> 8, code & 255)), { closeCode: 1002 }, String(code))
  }
  assert.throws(() => decodeClose(Uint8Array.of(3)), { closeCode: 1002 })
})

test('a reason that is not UTF-8 is refused with 1007', () => {
  assert.throws(
    () => decodeClose(Uint8Array.of(3, 232, 0xc3)),
    (error: WebSocketError) => error.code === 'WS_INVALID_UTF8' && error.closeCode === 1007,
  )
})
