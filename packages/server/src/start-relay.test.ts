import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConnectionString } from '@postern/protocol'
import { startRelay } from './start-relay.ts'

test('a connection string names a host that leads to its own namespace', async () => {
  const hybridConnections = [{ name: 'db', rules: [{ name: 'listener', rights: ['Listen'] }] }] as const
  await using relay = await startRelay({
    options: { publicHost: '[::1]', baseDomain: 'relay.example.test' },
    resources: {
      namespaces: [
        { name: 'first', default: true, hybridConnections },
        { name: 'hosted', hosts: ['hosted.example.test'], hybridConnections },
        { name: 'other', hybridConnections },
      ],
    },
  })
  const port = relay.server.dataPort
  const endpoints = relay.hybridConnections().map(({ listen, send }) => {
    assert.equal(send, null)
    return parseConnectionString(listen ?? '').endpoint
  })
  assert.deepEqual(endpoints, [
    { host: '::1', port },
    { host: 'hosted.example.test', port },
    { host: 'other.relay.example.test', port },
  ])
})
