import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestName } from './nearest-name.ts'

const known = ['name', 'hosts', 'hybridConnections', 'requiresClientAuthorization', 'userMetadata']

test('a misspelt name is recognised', () => {
  const typed = {
    nmae: undefined,
    nam: 'name',
    host: 'hosts',
    Hosts: 'hosts',
    hybrid_connections: 'hybridConnections',
    requiresClientAuthorisation: 'requiresClientAuthorization',
    usermetadata: 'userMetadata',
    'user-meta-data': 'userMetadata',
  }
  for (const [text, meant] of Object.entries(typed)) assert.equal(nearestName(text, known), meant, text)
})

test('what resembles nothing is not guessed at', () => {
  for (const text of ['', 'x', 'rules', 'connection', 'z'.repeat(10_000)])
    assert.equal(nearestName(text, known), undefined, text)
})

test('the nearest of several is taken', () => {
  assert.equal(nearestName('primaryKy', ['secondaryKey', 'primaryKey', 'primaryKeys']), 'primaryKey')
})
