import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateSecret } from './secret-hash.ts'

test('no client secret looks like an option of a command line', () => {
  // With any first character, 1,000 of them would have one dash with all but 1 in 7 million.
  for (let at = 0; at < 1_000; at += 1) assert.match(generateSecret().reveal(), /^[\w][\w-]{42}$/)
})
