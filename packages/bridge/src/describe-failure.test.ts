import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorTable, RelayError } from '@postern/protocol'
import { describeFailure } from './describe-failure.ts'

test('a refused token names relay, status, text, rule and remedy in one line', () => {
  const line = describeFailure(
    'db',
    'listener',
    new RelayError('TokenSignatureInvalid', { message: 'The token has an invalid signature' }),
  )
  assert.equal(
    line,
    `db: 401 The token has an invalid signature (rule listener). ${errorTable.TokenSignatureInvalid.help}`,
  )
})

test('a network error has no status and names no rule', () => {
  const line = describeFailure(
    'db',
    'listener',
    new RelayError('ConnectionFailed', { message: 'Cannot reach x:443: ECONNREFUSED' }),
  )
  assert.match(line, /^db: Cannot reach x:443: ECONNREFUSED\./)
  assert.doesNotMatch(line, /rule/)
})

test('a text of several lines becomes one', () => {
  assert.equal(describeFailure('db', undefined, new Error('one\n  two')), 'db: one two')
})
