import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actions, defaultActions, isAction } from './actions.ts'

test('actions are connect, request, send, publish and subscribe, spelt exactly so', () => {
  assert.deepEqual(actions.filter(isAction), ['connect', 'request', 'send', 'publish', 'subscribe'])
  for (const other of ['Send', 'listen', '', undefined, 0, ['send']]) assert.equal(isAction(other), false)
})

test('what nobody asked for is what Azure Relay has: messages are off', () => {
  assert.deepEqual(defaultActions, ['connect', 'request'])
})
