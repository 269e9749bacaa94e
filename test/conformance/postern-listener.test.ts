// What relay and listeners of Postern say to each other beside the protocol: docs/protocol/relay.md, "Listeners of ours".
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeTarget } from '@postern/protocol'
import { MessageQueue, type ScriptedListener, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { Opcode } from '@postern/websocket'

const metadata = (endpoint: string): string => JSON.stringify([{ key: 'endpoint', value: endpoint }])

function relayWithEndpoint(): Promise<TestRelay> {
  return startTestRelay({
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [{ name: 'Root', rights: ['Listen', 'Send', 'Manage'] }],
          hybridConnections: [{ name: 'db', userMetadata: metadata('db.corp:5432') }],
        },
      ],
    },
  })
}

const ours = { headers: { 'Postern-Target': 'up' } }

type ConnectHeaders = Readonly<Record<string, string>>

/** Connects once and says which of the listeners was asked, and with what; the sender is left to its fate. */
function asking(
  relay: TestRelay,
  listeners: Readonly<Record<string, ScriptedListener>>,
): () => Promise<{ readonly name: string; readonly headers: ConnectHeaders }> {
  const asked = new MessageQueue<{ readonly name: string; readonly headers: ConnectHeaders }>()
  for (const [name, listener] of Object.entries(listeners)) {
    const serve = async (): Promise<never> => {
      for (;;) {
        const message = await listener.messages.next(10 * 60_000)
        if (message.kind === 'accept') asked.push({ name, headers: message.message.connectHeaders })
      }
    }
    // It ends with the relay.
    serve().catch(() => {})
  }
  return () => {
    void relay.connect('db').catch(() => {})
    return asked.next()
  }
}

test('a listener that declares its target is told the endpoint of the hybrid connection, never that of a sender', async () => {
  await using relay = await relayWithEndpoint()
  const listener = await relay.listen('db', ours)
  assert.equal(listener.control.headers['postern-relay'], '1')
  const headers = { ServiceBusAuthorization: signToken(relay.access('db').send), 'postern-endpoint': 'evil.corp:22' }
  void relay.connect('db', { headers }).catch(() => {})
  const { connectHeaders } = await listener.nextAccept()
  const told = Object.entries(connectHeaders).filter(([name]) => /^postern-endpoint$/i.test(name))
  assert.deepEqual(told, [['Postern-Endpoint', 'db.corp:5432']])
})

test('an official listener sees nothing of it, and what it says of a target counts for nothing', async () => {
  await using relay = await relayWithEndpoint()
  const listener = await relay.listen('db')
  assert.equal(listener.control.headers['postern-relay'], undefined)
  listener.control.send(Opcode.text, Buffer.from(encodeTarget('down')))
  const other = await relay.listen('db', { headers: { 'Postern-Target': 'sideways' } })
  assert.equal(other.control.headers['postern-relay'], undefined)
  const ask = asking(relay, { official: listener, other })
  const seen = new Set<string>()
  while (seen.size < 2) {
    const { name, headers } = await ask()
    assert.equal('Postern-Endpoint' in headers, false)
    seen.add(name)
  }
})

test('a listener whose target is down is asked only when there is no other', async () => {
  await using relay = await relayWithEndpoint()
  const down = await relay.listen('db', { headers: { 'Postern-Target': 'down' } })
  const up = await relay.listen('db', ours)
  const ask = asking(relay, { down, up })
  for (let i = 0; i < 20; i += 1) assert.equal((await ask()).name, 'up')
  up.close()
  // The relay may choose it once more before it knows.
  while ((await ask()).name !== 'down');
})

test('a change of its target counts at once', async () => {
  await using relay = await relayWithEndpoint()
  const [one, two] = [await relay.listen('db', ours), await relay.listen('db', ours)]
  one.control.send(Opcode.text, Buffer.from(encodeTarget('down')))
  // The answer to a ping comes after what was said before it.
  one.control.send(Opcode.ping, Buffer.from('x'))
  while ((await one.others.next()).opcode !== Opcode.pong);
  const ask = asking(relay, { one, two })
  for (let i = 0; i < 20; i += 1) assert.equal((await ask()).name, 'two')
  one.control.send(Opcode.text, Buffer.from(encodeTarget('up')))
  const seen = new Set<string>()
  while (seen.size < 2) seen.add((await ask()).name)
})
