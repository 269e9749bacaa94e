import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Secret } from '@postern/program'
import { isRelayError } from '@postern/protocol'
import fc from 'fast-check'
import { KeySealer } from './key-sealer.ts'

const sealer = new KeySealer(new Secret(Buffer.alloc(32, 7).toString('base64')))

test('a sealed text is opened again in its place', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (text, place) => {
      assert.equal(sealer.open(sealer.seal(text, place), place), text)
    }),
  )
})

test('a sealed text names its form and master key, shows nothing of the text and is never the same', () => {
  const sealed = sealer.seal('the text', 'here')
  assert.match(sealed, /^v1\.[0-9a-f]{8}\.[\w-]{16}\.[\w-]+$/)
  assert.equal(sealed.split('.')[1], sealer.keyId)
  assert.notEqual(sealed, sealer.seal('the text', 'here'))
})

test('a key for another purpose is the same for one master key and purpose, and tells nothing of the master key', () => {
  const [one, again, other] = ['sessions', 'sessions', 'else'].map((purpose) => sealer.derive(purpose).reveal())
  assert.equal(one, again)
  assert.equal(Buffer.from(one ?? '', 'base64').length, 32)
  const of = new KeySealer(new Secret(Buffer.alloc(32, 8).toString('base64'))).derive('sessions').reveal()
  assert.equal(new Set([one, other, of, Buffer.alloc(32, 7).toString('base64')]).size, 4)
})

test('a sealed text is refused in another place', () => {
  const sealed = sealer.seal('the text', 'here')
  assert.throws(() => sealer.open(sealed, 'there'), isInternalError)
})

test('a sealed text with any character altered is refused', () => {
  const sealed = sealer.seal('the text', 'here')
  for (let at = 0; at < sealed.length; at += 1) {
    const other = sealed[at] === 'A' ? 'Q' : 'A'
    const altered = sealed.slice(0, at) + other + sealed.slice(at + 1)
    assert.throws(() => sealer.open(altered, 'here'), isInternalError, `character ${at}`)
  }
})

test('what is no sealed text is refused', () => {
  const [format, keyId] = sealer.seal('', '').split('.')
  for (const text of [
    '',
    'text',
    '....',
    `${format}.${keyId}..`,
    `${format}.${keyId}.AAAA.AAAA`,
    `${format}.${keyId}.AAAAAAAAAAAAAAAA.`,
  ]) {
    assert.throws(() => sealer.open(text, ''), isInternalError, text)
  }
})

test('another master key is told by its name', () => {
  const other = new KeySealer(new Secret(randomBytes(32).toString('base64')))
  assert.throws(
    () => other.open(sealer.seal('text', 'here'), 'here'),
    new RegExp(`needs master key ${sealer.keyId}, but ${other.keyId}`),
  )
})

test('a master key of another length is refused', () => {
  for (const text of ['', 'short', Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('base64')]) {
    assert.throws(
      () => new KeySealer(new Secret(text)),
      (error) => isRelayError(error, 'InvalidConfiguration'),
    )
  }
})

function isInternalError(error: unknown): boolean {
  return isRelayError(error, 'InternalError')
}
