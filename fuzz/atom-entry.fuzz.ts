import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRelayError } from '@postern/protocol'
import fc from 'fast-check'
import { hybridConnectionEntry } from '../packages/server/src/management/atom/atom-entry.ts'
import { readAtomEntry } from '../packages/server/src/management/atom/read-atom-entry.ts'
import { fuzzRun } from './fuzz-run.ts'

// Entries that were damaged in every way are read or refused, fast and without a word of their content; entries that we
// write are read as they were.

/** Whatever a body holds: long enough for a slow machine, short enough to show what grows faster than the body. */
const maxReadMs = 500

const seed = `<?xml version="1.0"?><entry xmlns="http://www.w3.org/2005/Atom"><title type="text">hc1</title>
<content type="application/xml"><HybridConnectionDescription xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect">
<RequiresClientAuthorization>true</RequiresClientAuthorization><AuthorizationRules><AuthorizationRule i:type="SharedAccessAuthorizationRule">
<ClaimType>SharedAccessKey</ClaimType><Rights><AccessRights>Send</AccessRights></Rights><KeyName>r</KeyName><PrimaryKey>PRIVATE</PrimaryKey>
</AuthorizationRule></AuthorizationRules><UserMetadata>PRIVATE</UserMetadata></HybridConnectionDescription></content></entry>`

const fragments = [
  '<',
  '>',
  '/>',
  '</',
  '&',
  '&amp;',
  '&#0;',
  '&#x10ffff;',
  '&PRIVATE;',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '<?a b?>',
  '<?xml version="1.1"?>',
  '<!DOCTYPE a [<!ENTITY x "PRIVATE">]>',
  '<!ENTITY x SYSTEM "file:///PRIVATE">',
  '&x;',
  ' xmlns:i="urn:PRIVATE"',
  ' xmlns=""',
  ' i:nil="true"',
  ' a="1"',
  '<a>'.repeat(20),
  '<a/>'.repeat(600),
  '<PrimaryKey>',
  '</AuthorizationRule>',
  '\u0000',
  '\ud800',
  '\uFEFF',
  '\u2028',
]

const edit = fc.record({
  at: fc.nat(seed.length),
  remove: fc.nat(60),
  insert: fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: 'grapheme', maxLength: 8 })),
})
const damaged = fc
  .array(edit, { maxLength: 6 })
  .map((edits) =>
    edits.reduce((text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove), seed),
  )
const body = fc.oneof(
  { arbitrary: damaged.map((text) => Buffer.from(text)), weight: 8 },
  { arbitrary: fc.array(fc.constantFrom(...fragments)).map((parts) => Buffer.from(parts.join(''))), weight: 2 },
  { arbitrary: fc.uint8Array({ maxLength: 200 }), weight: 1 },
)

test('a damaged entry is read or refused, fast, and its content stays out of the refusal', () => {
  fc.assert(
    fc.property(body, (bytes) => {
      const began = performance.now()
      try {
        readAtomEntry(bytes)
      } catch (error) {
        assert.ok(isRelayError(error, 'RequestContentInvalid'), String(error))
        assert.doesNotMatch(error.message, /PRIVATE/)
        assert.ok(error.message.length < 200)
      }
      assert.ok(performance.now() - began < maxReadMs)
    }),
    fuzzRun(),
  )
})

test('what we write is read as it was', () => {
  const xmlText = fc.string({ unit: 'grapheme', maxLength: 200 })
  fc.assert(
    fc.property(xmlText, fc.boolean(), (userMetadata, requiresClientAuthorization) => {
      const now = new Date()
      const entity = { namespace: 'n', name: 'a', rules: [], createdAt: now, updatedAt: now }
      const text = hybridConnectionEntry(
        { ...entity, userMetadata, requiresClientAuthorization },
        { selfUrl: 'https://a/', author: 'n', listenerCount: 0 },
      )
      assert.deepEqual(readAtomEntry(Buffer.from(text)), { userMetadata, requiresClientAuthorization })
    }),
    fuzzRun(),
  )
})
