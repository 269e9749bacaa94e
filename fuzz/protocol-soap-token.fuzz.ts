import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRelayAccessToken, maxSoapHeadBytes } from '@postern/protocol'
import fc from 'fast-check'
import { fuzzRun } from './fuzz-run.ts'

// SOAP envelopes from strangers: each has a token, none, or is refused in words that hold nothing of it. What is taken out is one
// whole element, and without it there is no token.

const pieces = [
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">',
  '<Envelope xmlns="http://www.w3.org/2003/05/soap-envelope">',
  '<s:Header>',
  '<Header>',
  '</s:Header>',
  '</Header>',
  '<s:Body>',
  '<RelayAccessToken xmlns="http://schemas.microsoft.com/netservices/2009/05/servicebus/connect">',
  '<t:BinarySecurityToken xmlns:t="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">',
  'Z2VoZWlt',
  'SharedAccessSignature sr=geheim&amp;sig=x',
  '</t:BinarySecurityToken>',
  '</RelayAccessToken>',
  ...'<a> </a> <b/> <!-- --> <![CDATA[ ]]> <?xml version="1.0"?> <!DOCTYPE & &amp; > < / = " \' ü \u0000'.split(' '),
]
const whole = [
  ...pieces.slice(0, 1),
  pieces[2],
  ...pieces.slice(7, 9),
  pieces[9],
  ...pieces.slice(11, 13),
  pieces[4],
].join('')
const edit = fc.record({ at: fc.nat(whole.length), remove: fc.nat(20), insert: fc.constantFrom('', ...pieces) })
const damaged = fc
  .array(edit, { maxLength: 4 })
  .map((edits) =>
    edits.reduce((now, { at, remove, insert }) => now.slice(0, at) + insert + now.slice(at + remove), whole),
  )
const composed = fc.array(fc.constantFrom(...pieces), { maxLength: 24 }).map((parts) => parts.join(''))

test('a SOAP envelope has a token, none, or is refused without repeating it', () => {
  const property = fc.property(fc.oneof(damaged, composed, fc.string({ unit: 'binary' })), (text) => {
    const bytes = Buffer.from(text)
    const found = findRelayAccessToken(bytes)
    if (found.kind === 'unreadable') assert.match(found.reason, /^(?:it|its|a|an) [a-zA-Z0-9 -]+$/)
    if (found.kind !== 'token') return
    assert.ok(found.start < found.end && found.end <= Math.min(bytes.length, maxSoapHeadBytes))
    const element = bytes.subarray(found.start, found.end).toString()
    assert.match(element, /^<[^>]*RelayAccessToken[^]*RelayAccessToken\s*>$/)
    assert.match(found.token, /^[ -~]+$/)
    const rest = Buffer.concat([bytes.subarray(0, found.start), bytes.subarray(found.end)])
    assert.deepEqual(findRelayAccessToken(rest), { kind: 'absent' })
  })
  fc.assert(property, fuzzRun())
})
