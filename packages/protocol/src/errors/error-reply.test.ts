import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatErrorJson, formatErrorText, toReasonPhrase } from './error-reply.ts'

const at = new Date('2024-09-24T15:06:04.789Z')
const trackingId = '0f1e2d3c-0000-4000-8000-0123456789ab_G57'
const address = 'sb://contoso.example.test/hyco'

test('an error text has the form of those seen from Azure', () => {
  assert.equal(
    formatErrorText('Endpoint does not exist', { trackingId, address, at }),
    `Endpoint does not exist. TrackingId:${trackingId}, SystemTracker:${address}, Timestamp:2024-09-24T15:06:04`,
  )
})

test('a text that ends with a full stop does not get a second one', () => {
  assert.match(formatErrorText('Gone.', { trackingId, address, at }), /^Gone\. TrackingId:/)
})

test('line breaks in an entity name or a description stay within the line', () => {
  const text = formatErrorText('No\r\nSet-Cookie: a=b\u0085\u2028x', {
    trackingId: 'id\r\nX: y',
    address: 'sb://h/a\u0000\nInjected: yes',
    at,
  })
  assert.equal(
    text,
    'No Set-Cookie: a=b x. TrackingId:id X: y, SystemTracker:sb://h/a Injected: yes, Timestamp:2024-09-24T15:06:04',
  )
})

test('long parts are shortened, and the tracking is all there', () => {
  const long = formatErrorText('d'.repeat(2000), { trackingId, address, at })
  assert.equal(long.length, 512)
  assert.ok(long.endsWith(`d.... TrackingId:${trackingId}, SystemTracker:${address}, Timestamp:2024-09-24T15:06:04`))
  const all = formatErrorText('d'.repeat(2000), {
    trackingId: 't'.repeat(2000),
    address: `sb://${'e'.repeat(2000)}`,
    at,
  })
  assert.ok(all.length <= 512, String(all.length))
  assert.match(all, /^d{85,}\.\.\.\. TrackingId:t{77}\.\.\., SystemTracker:sb:\/\/e{272}\.\.\., Timestamp:2024/)
})

test('a reason phrase keeps Latin-1 and replaces what lies beyond', () => {
  assert.equal(toReasonPhrase(' Schließe ✓ 😀\ttab '), 'Schließe ? ? tab')
  assert.equal(toReasonPhrase('\u0080\u009f\u007f'), '')
  assert.equal(toReasonPhrase('x'.repeat(600)).length, 512)
})

test('no text whatever can end a status line or make an error text longer than a reason phrase', () => {
  const part = fc.oneof(fc.string({ unit: 'binary', maxLength: 700 }), fc.string({ maxLength: 30 }))
  fc.assert(
    fc.property(part, part, part, (text, id, name) => {
      assert.match(toReasonPhrase(text), /^[\x20-\x7e\xa0-\xff]{0,512}$/)
      const whole = formatErrorText(text, { trackingId: id, address: name, at })
      assert.match(whole, /^[^\p{Cc}\u2028\u2029]{1,512}$/u)
      assert.match(whole, /\. TrackingId:.*, SystemTracker:.*, Timestamp:2024-09-24T15:06:04$/)
    }),
  )
})

test('an error body is JSON whatever the message holds', () => {
  assert.equal(
    formatErrorJson('GatewayTimeout', 'a "b"\n'),
    '{"error":{"code":"GatewayTimeout","message":"a \\"b\\"\\n"}}',
  )
})
