import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counters } from './counters.ts'

test('a hybrid connection has one set of counters, whatever the case of its name', () => {
  const counters = new Counters()
  const first = counters.entity('Local', 'Demo/Path')
  first.bytesTransferred += 5
  assert.equal(counters.entity('local', 'demo/path'), first)
  assert.deepEqual([...counters.entities()], [first])
  assert.deepEqual([first.namespace, first.name], ['local', 'demo/path'])
  assert.notEqual(counters.entity('local', 'other'), first)
})

test('a forgotten hybrid connection begins again at nothing', () => {
  const counters = new Counters()
  const before = counters.entity('local', 'demo')
  before.senderConnectionsSuccess = 3
  counters.forget('LOCAL', 'demo')
  assert.deepEqual([...counters.entities()], [])
  before.senderConnectionsSuccess += 1
  assert.equal(counters.entity('local', 'demo').senderConnectionsSuccess, 0)
})

test('refusals are counted by code and stage', () => {
  const counters = new Counters()
  counters.refused('TokenExpired', 'listen')
  counters.refused('TokenExpired', 'listen')
  counters.refused('TokenExpired', 'connect')
  assert.deepEqual(
    [...counters.refusals()],
    [
      { code: 'TokenExpired', stage: 'listen', count: 2 },
      { code: 'TokenExpired', stage: 'connect', count: 1 },
    ],
  )
})

test('the counters of an ingress entry stand while the entry does', () => {
  const counters = new Counters()
  const web = counters.ingress('Local', 'Web')
  web.refused('AddressNotAllowed')
  web.refused('AddressNotAllowed')
  counters.ingress('local', 'db')
  counters.keepIngresses([{ namespace: 'LOCAL', name: 'web' }])
  assert.deepEqual([...counters.ingresses()], [web])
  assert.equal(counters.ingress('local', 'web'), web)
  assert.deepEqual([...web.refusals], [['AddressNotAllowed', 2]])
})
