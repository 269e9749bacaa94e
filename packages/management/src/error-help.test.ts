import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorTable } from '@postern/protocol'
import { errorHelp } from './error-help.ts'
import { ManagementError } from './management-error.ts'

test('help is that of the error table, by code, status and text', () => {
  for (const { armCode, httpStatus, message, help } of Object.values(errorTable)) {
    const error = new ManagementError(armCode, { status: httpStatus, message: `${message}. RequestId:1` })
    const same = Object.values(errorTable).filter(
      (entry) => entry.armCode === armCode && entry.httpStatus === httpStatus,
    )
    const expected = same.find((entry) => error.message.startsWith(entry.message))?.help ?? help
    assert.equal(errorHelp(error), expected)
  }
  assert.equal(errorHelp(new ManagementError('Unheard', { status: 404, message: '' })), undefined)
  assert.match(errorHelp(new ManagementError('ConnectionFailed', { message: '' })) ?? '', /management door/)
})
