import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutTrailingSlashes } from './trailing-slashes.ts'

test('only slashes at the end go', () => {
  for (const [text, left] of [
    ['', ''],
    ['/', ''],
    ['//', ''],
    ['/a//b', '/a//b'],
    ['/a//b//', '/a//b'],
  ] as const) {
    assert.equal(withoutTrailingSlashes(text), left)
  }
})

test('a stranger can send tens of thousands of slashes, and costs nobody seconds', () => {
  const text = `a${'/'.repeat(60_000)}b`
  const beganMs = performance.now()
  assert.equal(withoutTrailingSlashes(text), text)
  assert.ok(performance.now() - beganMs < 500)
})
