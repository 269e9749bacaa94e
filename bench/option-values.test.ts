import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readNumber, readNumbers } from './option-values.ts'

test('a number that is none or out of range is refused by the name of its option', () => {
  assert.equal(readNumber('--seconds', '0.5', { least: 0.1, most: 60 }), 0.5)
  assert.deepEqual(readNumbers('--pairs', '0,1000', { least: 0 }), [0, 1000])
  assert.throws(() => readNumber('--seconds', '61', { least: 0.1, most: 60 }), {
    message: '--seconds must be between 0.1 and 60, not 61.',
  })
  assert.throws(() => readNumbers('--pairs', '1000,many', { least: 0 }), {
    message: '--pairs must be at least 0, not many.',
  })
})
