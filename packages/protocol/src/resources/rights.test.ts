import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRight, rights } from './rights.ts'

test('rights are Listen, Send and Manage, spelt exactly so', () => {
  assert.deepEqual(rights.filter(isRight), ['Listen', 'Send', 'Manage'])
  for (const other of ['listen', 'Read', '', undefined, 0, ['Listen']]) assert.equal(isRight(other), false)
})
