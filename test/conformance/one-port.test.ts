// Both doors on one port, told apart by host name: a private site needs one port open.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestRelay } from '@postern/testkit'
import { freePort } from '../system/free-port.ts'
import { send } from './http-client.ts'

test('one port serves namespaces and management, told apart by the Host header', async () => {
  const port = await freePort()
  await using relay = await startTestRelay({
    options: { dataPort: port, managementPort: port, managementHosts: ['manage.localhost'] },
  })
  assert.equal(new URL(relay.relay.data).port, String(port))
  assert.equal(new URL(relay.relay.management).port, String(port))

  const ready = await send(relay, '/readyz', { headers: { Host: `Manage.localhost:${port}` } })
  assert.deepEqual([ready.status, (JSON.parse(ready.body.toString()) as { status: string }).status], [200, 'ready'])
  const metrics = await send(relay, '/metrics', { headers: { Host: 'manage.localhost' } })
  assert.match(metrics.body.toString(), /^# HELP postern_/m)
  assert.equal((await send(relay, '/echo', { headers: { Host: 'manage.localhost' } })).status, 401)
  assert.equal((await send(relay, '/readyz')).status, 401, 'for every other host it is a path of the namespace')

  const listener = await relay.listen()
  const pending = relay.connect()
  const { address } = await listener.nextAccept()
  assert.equal(new URL(address).port, String(port))
  const rendezvous = await listener.rendezvous(address)
  const sender = await pending
  sender.text('through one port')
  assert.equal((await rendezvous.frames.next()).payload.toString(), 'through one port')
})

test('the management host takes no WebSocket', async () => {
  const port = await freePort()
  await using relay = await startTestRelay({
    options: { dataPort: port, managementPort: port, managementHosts: ['manage.localhost'] },
  })
  const upgrade = { Host: 'manage.localhost', Upgrade: 'websocket', Connection: 'Upgrade' }
  const answer = await send(relay, '/$hc/echo?sb-hc-action=connect', { headers: upgrade })
  assert.equal(answer.status, 404)
})
