import assert from 'node:assert/strict'
import { test } from 'node:test'
import { installInteropFixture } from './fixture-install.ts'

test('hyco-ws 1.0.5 and hyco-https load as npm delivers them', async () => {
  const [require] = await Promise.all([installInteropFixture(), installInteropFixture()])
  assert.equal(require('hyco-ws/package.json').version, '1.0.5')
  assert.equal(typeof require('hyco-ws').createRelayedServer, 'function')
  assert.equal(typeof require('hyco-https').createRelayedServer, 'function')
})
