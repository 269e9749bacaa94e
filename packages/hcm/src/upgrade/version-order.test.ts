import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareVersions, isVersion } from './version-order.ts'

test('versions are ordered as semver.org orders them', () => {
  const ordered = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.2',
    '1.0.10',
    '1.10.0',
    '2.0.0',
  ]
  for (const [at, first] of ordered.entries()) {
    for (const [other, second] of ordered.entries()) {
      assert.equal(Math.sign(compareVersions(first, second)), Math.sign(at - other), `${first} ${second}`)
    }
  }
})

test('what is no version is none', () => {
  for (const text of ['', '1', '1.2', 'v1.2.3', '1.2.3-', '1.2.3/..', '../1.2.3', '1.2.3-a/b'])
    assert.ok(!isVersion(text), text)
})
