import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRelayError, RelayError } from './relay-error.ts'

test('a relay error has what the table says of its code', () => {
  const error = new RelayError('EndpointNotFound')
  assert.equal(error.name, 'RelayError')
  assert.equal(error.code, 'EndpointNotFound')
  assert.equal(error.message, 'Endpoint does not exist')
  assert.equal(error.httpStatus, 404)
  assert.equal(error.closeCode, 1001)
  assert.equal(error.isTransient, false)
  assert.equal('trackingId' in error, false)
  assert.equal('cause' in error, false)
})

test('a relay error takes text, status, tracking id and cause from its maker', () => {
  const cause = new Error('below')
  const error = new RelayError('ListenerRejected', { message: 'Go away', httpStatus: 403, trackingId: 'id_G0', cause })
  assert.equal(error.message, 'Go away')
  assert.equal(error.httpStatus, 403)
  assert.equal(error.trackingId, 'id_G0')
  assert.equal(error.cause, cause)
})

test('relay errors are known by name and code, also those of another copy of the package', () => {
  const error = new RelayError('ServerBusy')
  assert.equal(isRelayError(error), true)
  assert.equal(isRelayError(error, 'ServerBusy'), true)
  assert.equal(isRelayError(error, 'InternalError'), false)
  const foreign = Object.assign(new Error('busy'), { name: 'RelayError', code: 'ServerBusy' })
  assert.equal(isRelayError(foreign, 'ServerBusy'), true)
})

test('other things that are thrown are no relay errors', () => {
  for (const thrown of [
    undefined,
    'ServerBusy',
    new Error('ServerBusy'),
    Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    Object.assign(new Error('number'), { code: 7 }),
    Object.assign(new Error('made up'), { name: 'RelayError', code: 'toString' }),
    { name: 'RelayError', code: 'ServerBusy' },
  ]) {
    assert.equal(isRelayError(thrown), false)
  }
})
