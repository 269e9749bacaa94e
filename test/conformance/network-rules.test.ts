import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestRelay, type TestRelay, wrapRelay } from '@postern/testkit'
import { send } from './http-client.ts'
import { refused } from './refused.ts'

type Network = NonNullable<ReturnType<TestRelay['relay']['server']['catalog']['namespaceByName']>>['network']

/** Changes the network rules of the namespace as the management API does. */
async function setNetwork(relay: TestRelay, network: Partial<Network>): Promise<void> {
  const { catalog, store } = relay.relay.server
  const value = catalog.namespaceByName('local')
  assert.ok(value)
  await store.put({
    kind: 'namespace',
    origin: 'declared',
    value: { ...value, network: { ...value.network, ...network } },
  })
}

test('an address that no rule names is refused before its token is looked at, and is told no more than others', async () => {
  await using relay = await startTestRelay()
  await setNetwork(relay, { defaultAction: 'Deny', rules: [{ ipMask: '192.0.2.0/24' }, { ipMask: '2001:db8::/32' }] })
  const text = /^Unauthorized access for the source of the request\. TrackingId/
  const refusal = await refused(relay.connect())
  assert.equal(refusal.status, 401)
  assert.match(refusal.reason, text)
  assert.equal((await refused(relay.listen())).status, 401)
  const request = await send(relay, '/echo')
  assert.equal(request.status, 401)
  assert.match(request.body.toString(), /Unauthorized access/)
  const atom = await send(relay, '/echo?api-version=2016-07', { headers: { 'X-PROCESS-AT': 'ServiceBus' } })
  assert.equal(atom.status, 401)
  assert.match(atom.body.toString(), /Unauthorized access/)
})

test('listeners and senders have rules of their own', async () => {
  await using relay = await startTestRelay()
  await setNetwork(relay, { defaultActions: { send: 'Deny' } })
  const listener = await relay.listen()
  assert.equal((await refused(relay.connect())).status, 401)
  await setNetwork(relay, { defaultActions: { send: 'Deny' }, rules: [{ ipMask: '127.0.0.1', appliesTo: ['send'] }] })
  const pending = relay.connect()
  const { address } = await listener.nextAccept()
  const rendezvous = await listener.rendezvous(address)
  const sender = await pending
  sender.text('in')
  assert.equal((await rendezvous.frames.next()).payload.toString(), 'in')
  listener.close()
})

test('a changed rule closes listeners and senders that are shut out, and nobody else', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen()
  const pending = relay.connect()
  const { address } = await listener.nextAccept()
  const rendezvous = await listener.rendezvous(address)
  const sender = await pending
  await setNetwork(relay, { rules: [{ ipMask: '127.0.0.1' }], defaultAction: 'Deny' })
  sender.text('still here')
  assert.equal((await rendezvous.frames.next()).payload.toString(), 'still here')

  await setNetwork(relay, { rules: [{ ipMask: '192.0.2.1' }], defaultAction: 'Deny' })
  for (const frames of [sender.frames, listener.others]) {
    const close = await frames.next()
    assert.deepEqual([close.opcode, close.payload.readUInt16BE()], [8, 1008])
  }
})

test('a rendezvous address that leaked is no way around the rules', async () => {
  await using relay = await startTestRelay()
  const listener = await relay.listen()
  const pending = refused(relay.connect())
  const { address } = await listener.nextAccept()
  await setNetwork(relay, { defaultActions: { listen: 'Deny' } })
  assert.equal((await refused(listener.rendezvous(address))).status, 401)
  assert.ok((await pending).status >= 400)
})

test('rules of the resources file hold from the first connection on', async () => {
  const namespace = { name: 'local', default: true, hybridConnections: [{ name: 'echo' }] }
  const networkRules = {
    listen: 'Deny',
    ipRules: ['192.0.2.0/24', { ipMask: '127.0.0.1', appliesTo: ['send'] }],
  } as const
  await using closed = await startTestRelay({ resources: { namespaces: [{ ...namespace, networkRules }] } })
  assert.equal((await refused(closed.listen())).status, 401)
  assert.equal((await refused(closed.connect())).status, 404, 'nobody listens, and senders are let in')
})

test('a namespace without public access is served by the private door alone', async () => {
  await using relay = await startTestRelay({ options: { privatePort: 0 } })
  const { privatePort } = relay.relay.server
  assert.ok(privatePort)
  await setNetwork(relay, { publicNetworkAccess: 'Disabled' })
  assert.equal((await refused(relay.listen())).status, 401)
  assert.equal((await refused(relay.connect())).status, 401)

  const inside = wrapRelay({ ...relay.relay, data: `https://localhost:${privatePort}` })
  const listener = await inside.listen()
  const pending = inside.connect()
  const { address } = await listener.nextAccept()
  assert.equal(new URL(address).port, String(privatePort), 'the listener is called back where it came from')
  const rendezvous = await listener.rendezvous(address)
  const sender = await pending
  sender.text('private')
  assert.equal((await rendezvous.frames.next()).payload.toString(), 'private')
  assert.equal((await refused(relay.connect())).status, 401)
})
