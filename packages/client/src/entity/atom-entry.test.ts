import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAtomEntry, readAtomError } from './atom-entry.ts'

const entry = (members: string): string =>
  `<entry xmlns="http://www.w3.org/2005/Atom"><content type="application/xml"><HybridConnectionDescription xmlns="urn:x">${members}</HybridConnectionDescription></content></entry>`

test('an entry tells endpoint, listeners and times', () => {
  const members =
    '<CreatedAt>2026-01-01T00:00:00Z</CreatedAt><UpdatedAt>2026-01-02T00:00:00Z</UpdatedAt>' +
    '<UserMetadata>[{&quot;key&quot;:&#34;endpoint&#x22;,"value":"db.corp:5432"}]</UserMetadata><ListenerCount>2</ListenerCount>'
  assert.deepEqual(readAtomEntry(entry(members)), {
    endpoint: { host: 'db.corp', port: 5432 },
    listenerCount: 2,
    createdAt: '2026-01-01T00:00:00Z',
    updatedAt: '2026-01-02T00:00:00Z',
  })
})

test('an entry without endpoint has none', () => {
  assert.deepEqual(readAtomEntry(entry('<UserMetadata>hello &lt;UserMetadata&gt;</UserMetadata>')), {})
  assert.deepEqual(readAtomEntry(entry('<UserMetadata/>')), {})
})

test("Azure's empty feed means that the hybrid connection does not exist", () => {
  assert.throws(() => readAtomEntry('<feed xmlns="http://www.w3.org/2005/Atom"></feed>'), { code: 'EndpointNotFound' })
})

test('the detail of a refusal is one line', () => {
  assert.equal(readAtomError('<Error><Code>401</Code><Detail>a\n b</Detail></Error>'), 'a b')
  assert.equal(readAtomError('oops'), undefined)
})
