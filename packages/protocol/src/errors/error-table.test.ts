import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorEntry } from './error-entry.ts'
import { type ErrorCode, errorTable } from './error-table.ts'

const entries = Object.entries(errorTable) as [ErrorCode, ErrorEntry][]

/** RFC 6455 section 7.4.1 and the IANA registry: codes that an endpoint may put into a CLOSE frame. */
const sendableCloseCodes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]

for (const [code, entry] of entries) {
  test(`${code} can be put on the wire and explains itself`, () => {
    assert.ok(entry.httpStatus >= 400 && entry.httpStatus <= 599, `status ${entry.httpStatus}`)
    assert.ok(sendableCloseCodes.includes(entry.closeCode), `close code ${entry.closeCode}`)
    assert.match(entry.armCode, /^[A-Z][A-Za-z]+$/)
    assert.match(entry.message, /^[\x20-\x7e]{1,120}$/)
    assert.doesNotMatch(entry.message, /\.$/, 'the tracking follows after a full stop')
    assert.match(entry.help, /^\S.*[.?]$/)
  })
}

test('texts and statuses are those that the official clients read', () => {
  const wire = (code: ErrorCode): string => `${errorTable[code].httpStatus} ${errorTable[code].message}`
  assert.equal(wire('EndpointNotFound'), '404 Endpoint does not exist')
  assert.equal(wire('NoListenersConnected'), '404 There are no listeners connected for the endpoint')
  assert.equal(errorTable.NoListenersForRequest.httpStatus, 502)
  assert.equal(
    wire('NoListenerMatches'),
    '404 None of the connected listeners meet the AllowedListeners/DisallowedListeners criteria',
  )
  assert.equal(wire('TokenSignatureInvalid'), '401 The token has an invalid signature')
  assert.equal(
    wire('TokenAudienceInvalid'),
    '401 InvalidAudience: The authorization header contains a token with a wrong audience',
  )
  assert.equal(
    wire('AcceptTimeout'),
    '408 None of the connected listeners accepted the connections within the allowed timeout',
  )
  assert.equal(errorTable.ResponseTimeout.httpStatus, 504)
  assert.equal(errorTable.RejectCompleted.httpStatus, 410)
})

test('a stranger cannot tell an unknown rule from a wrong key', () => {
  const { help: _help, ...unknownRule } = errorTable.TokenRuleUnknown
  const { help: _otherHelp, ...wrongKey } = errorTable.TokenSignatureInvalid
  assert.deepEqual(unknownRule, wrongKey)
})

test('every failed authorisation is a 401, as Azure answers', () => {
  for (const [code, { httpStatus }] of entries) {
    if (/^Token(?!.*Channel)|^RightMissing/.test(code)) assert.equal(httpStatus, 401, code)
  }
})
