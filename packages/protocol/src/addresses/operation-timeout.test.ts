import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOperationTimeout } from './operation-timeout.ts'

test('a time as .NET writes it and seconds as Java writes them are read', () => {
  assert.equal(parseOperationTimeout('00:01:00'), 60_000)
  assert.equal(parseOperationTimeout('1.02:03:04.5'), 93_784_500)
  assert.equal(parseOperationTimeout('0:0:0.0010000'), 1)
  assert.equal(parseOperationTimeout('60'), 60_000)
})

test('what is neither, or no time to wait for, is refused', () => {
  for (const text of ['', '0', '00:00:00', '-1', '1m', '00:60:00', '00:00:61', '999999999', '9999.00:00:00', '60.5']) {
    assert.equal(parseOperationTimeout(text), undefined, text)
  }
})
