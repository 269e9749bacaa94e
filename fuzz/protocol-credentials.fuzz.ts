import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import {
  audienceCovers,
  audiencePath,
  formatConnectionString,
  isRelayError,
  parseConnectionString,
  parseSharedAccessSignature,
  signatureMatches,
} from '@postern/protocol'
import fc from 'fast-check'
import { fuzzRun } from './fuzz-run.ts'

// Tokens and connection strings that were damaged in every way: no damaged token fits the key that made the good one, unless
// what it says is the same, and no connection string is refused in words that hold its key.

const key = 'S3CRETkeyS3CRETkeyS3CRETkeyS3CRETkeyS3CRETk='
const hmacSha256 = (secret: string, text: string): Uint8Array => createHmac('sha256', secret).update(text).digest()
const resource = 'http%3A%2F%2Flocalhost%3A443%2Fhyco%2Fsub'
const expiry = 1_795_328_993
const signature = encodeURIComponent(createHmac('sha256', key).update(`${resource}\n${expiry}`).digest('base64'))

const seeds = [
  `SharedAccessSignature sr=${resource}&sig=${signature}&se=${expiry}&skn=rule`,
  `Bearer SharedAccessSignature skn=rule&se=${expiry}&sig=${signature}&sr=${resource}`,
  `Endpoint=sb://localhost:8443/;SharedAccessKeyName=rule;SharedAccessKey=${key};EntityPath=hyco`,
  `OperationTimeout=00:01:00;Endpoint=https://[::1]/;Authentication=Managed Identity`,
]
const pieces = [
  ...`& = ; + % %2F %252f %00 / // : @ [ ] ? # \\ \u0000 \ud800 € sr= SE=9999999999 skn= sig=`.split(' '),
  ...`SharedAccessKey= Endpoint=sb:// $hc/ 99999 \r\n 00:00`.split(' '),
  ' ',
  'Bearer ',
]
const edit = fc.record({ at: fc.nat(220), remove: fc.nat(12), insert: fc.constantFrom('', ...pieces) })
const credential = fc.oneof(
  {
    arbitrary: fc
      .tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 4 }))
      .map(([text, edits]) =>
        edits.reduce((now, { at, remove, insert }) => now.slice(0, at) + insert + now.slice(at + remove), text),
      ),
    weight: 8,
  },
  { arbitrary: fc.string({ unit: 'binary' }), weight: 1 },
)

function check(text: string): void {
  const token = parseSharedAccessSignature(text)
  if (token && signatureMatches(token, key, hmacSha256)) {
    assert.deepEqual([token.resource, token.expiresAtSeconds], [resource, expiry])
    const audience = audiencePath(token.resource)
    assert.deepEqual(audience, { host: 'localhost', path: 'hyco/sub' })
    assert.ok(audienceCovers(audience.path, 'HYCO/sub/x') && !audienceCovers(audience.path, 'hyco'))
  }
  const audience = audiencePath(text)
  if (audience) assert.match(audience.host, /^[^/?#@\s\\]+$/)
  try {
    const connection = parseConnectionString(text)
    assert.deepEqual(parseConnectionString(formatConnectionString(connection)), roundUp(connection))
  } catch (error) {
    assert.ok(isRelayError(error, 'InvalidConnectionString'), String(error))
    assert.doesNotMatch(error.message, /S3CRET/)
  }
}

/** OperationTimeout is written in whole seconds. */
function roundUp(connection: ReturnType<typeof parseConnectionString>): ReturnType<typeof parseConnectionString> {
  const { operationTimeoutMs } = connection
  if (operationTimeoutMs === undefined) return connection
  return { ...connection, operationTimeoutMs: Math.ceil(operationTimeoutMs / 1000) * 1000 }
}

test('a damaged credential proves nothing, and its secret is not repeated', () => {
  fc.assert(fc.property(credential, check), fuzzRun())
})
