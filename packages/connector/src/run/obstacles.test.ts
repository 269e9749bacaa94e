import assert from 'node:assert/strict'
import { test } from 'node:test'
import { obstaclesOf } from './obstacles.ts'

const targets = [
  { host: 'db.corp', port: 5432, protocol: 'tcp' },
  { host: 'dns.corp', port: 53, protocol: 'udp' },
  { host: '10.0.0.5', port: 5432, protocol: 'tcp' },
  { host: '*.corp', port: 8443, protocol: 'tcp' },
] as const

test('an endpoint that a program cannot reach is named with the way out', () => {
  assert.deepEqual(obstaclesOf(targets, { ownNetwork: false, firstFreePort: 1024 }), [
    'dns.corp:53U: ports below 1024 need root, or --own-network',
    '10.0.0.5:5432: nobody asks for the name of an address; use --own-network or the Node hook',
    '*.corp:8443: a hosts file has no wildcards; name the hosts, or use --dns or the Node hook',
  ])
})

test('root may open every port, and a network of its own has every port and address', () => {
  assert.deepEqual(obstaclesOf(targets.slice(0, 2), { ownNetwork: false, firstFreePort: 0 }), [])
  assert.deepEqual(obstaclesOf(targets.slice(0, 3), { ownNetwork: true, firstFreePort: 1024 }), [])
})
