import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkReason } from './network-reason.ts'

function failure(code: string, message = 'long text'): Error {
  return Object.assign(new Error(message), { code })
}

test('errors of the system are their codes, what waited too long is a timeout', () => {
  assert.deepEqual(networkReason(failure('EPIPE')), { reason: 'EPIPE' })
  assert.match(networkReason(failure('ECONNREFUSED')).help ?? '', /that the relay runs/)
  assert.equal(networkReason(new AggregateError([failure('EHOSTUNREACH')])).reason, 'EHOSTUNREACH')
  assert.deepEqual(networkReason(failure('ETIMEDOUT')), { reason: 'timeout' })
  assert.deepEqual(networkReason(new DOMException('', 'TimeoutError')), { reason: 'timeout' })
  assert.deepEqual(networkReason(failure('ERR_X', 'a\nb')), { reason: 'a b' })
})

test('a certificate that nobody trusts says how it is trusted, and nothing of options that the program has not', () => {
  const text = 'unable to verify the first certificate'
  const advice = '; if the root CA is installed locally, try running Node.js with --use-system-ca'
  const { reason, help } = networkReason(failure('UNABLE_TO_VERIFY_LEAF_SIGNATURE', text + advice))
  assert.equal(reason, text)
  assert.match(help ?? '', /--tls-ca FILE/)
})
