import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toLogText } from './log-text.ts'

test('what a stranger wrote is one line of bounded length', () => {
  assert.equal(toLogText('a\r\nb\u001b[2Jc\u009bd\u2028e'), 'a b [2Jc d e')
  assert.equal(toLogText('x'.repeat(70_000)).length, 303)
  assert.equal(toLogText('x'.repeat(300)).length, 300)
})
