import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKey } from './generate-key.ts'

test('a key is the base64 of 32 bytes in 44 characters, and never the same', () => {
  const keys = Array.from({ length: 50 }, () => generateKey().reveal())
  for (const key of keys) {
    assert.match(key, /^[A-Za-z0-9+/]{43}=$/)
    assert.equal(Buffer.from(key, 'base64').length, 32)
  }
  assert.equal(new Set(keys).size, keys.length)
})
