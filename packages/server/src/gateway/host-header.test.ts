import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from './host-header.ts'

test('the name of a host has no port and no final dot, and is in lower case', () => {
  assert.deepEqual(['A.b:1', '[::1]:2', 'a.:', 'a b', ''].map(hostName), ['a.b', '[::1]', 'a', '', ''])
})
