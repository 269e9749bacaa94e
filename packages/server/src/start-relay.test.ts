import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { isRelayError } from '@postern/protocol'
import { startRelay } from './start-relay.ts'

const resources = { namespaces: [{ name: 'local', default: true, hybridConnections: [{ name: 'echo' }] }] }

/** What keeps the process alive, but for the streams of the test runner itself. */
const resourcesInUse = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'PipeWrap' && name !== 'TTYWrap')
    .toSorted()

/** Closed handles go in the next turns of the event loop. */
async function untilOnly(expected: readonly string[]): Promise<void> {
  const deadline = performance.now() + 2000
  while (resourcesInUse().join() !== expected.join() && performance.now() < deadline) await setImmediate()
  assert.deepEqual(resourcesInUse(), expected)
}

test('several relays run side by side in one process, and stopping them leaves nothing behind', async () => {
  const before = resourcesInUse()
  {
    await using first = await startRelay({ resources })
    await using second = await startRelay({ resources })
    assert.notEqual(first.data, second.data)
    assert.notEqual(first.hybridConnections()[0]?.listen, second.hybridConnections()[0]?.listen, 'keys of their own')
    const socket = connect(Number(new URL(first.data).port), 'localhost')
    await once(socket, 'connect')
    socket.on('error', () => {})
    await first.stop()
    if (!socket.closed) await once(socket, 'close')
  }
  await untilOnly(before)
})

test('a relay is ready in well under a second', async () => {
  // The first start of a process loads code; the second one is what tests of other people's code see again and again.
  await (await startRelay({ resources })).stop()
  const began = performance.now()
  await using relay = await startRelay({ resources })
  assert.ok(relay.data)
  assert.ok(performance.now() - began < 1000)
})

test('hybrid connections tell their actions, and connection strings with the host and port and the first rule with the right', async () => {
  await using relay = await startRelay({
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [{ name: 'Root', rights: ['Listen', 'Send', 'Manage'], primaryKey: 'root-key' }],
          hybridConnections: [
            { name: 'own', rules: [{ name: 'listener', rights: ['Listen'], primaryKey: 'own-key' }] },
            { name: 'plain', actions: ['publish'] },
          ],
        },
        {
          name: 'strict',
          hosts: ['strict.example.test'],
          rules: [],
          hybridConnections: [{ name: 'x', rules: [{ name: 's', rights: ['Send'], primaryKey: 'k' }] }],
        },
      ],
    },
  })
  const { host } = new URL(relay.data)
  const [, port] = host.split(':')
  assert.deepEqual(relay.hybridConnections(), [
    {
      namespace: 'local',
      name: 'own',
      actions: ['connect', 'request'],
      listen: `Endpoint=sb://${host}/;SharedAccessKeyName=listener;SharedAccessKey=own-key;EntityPath=own`,
      send: `Endpoint=sb://${host}/;SharedAccessKeyName=Root;SharedAccessKey=root-key;EntityPath=own`,
    },
    {
      namespace: 'local',
      name: 'plain',
      actions: ['publish'],
      listen: `Endpoint=sb://${host}/;SharedAccessKeyName=Root;SharedAccessKey=root-key;EntityPath=plain`,
      send: `Endpoint=sb://${host}/;SharedAccessKeyName=Root;SharedAccessKey=root-key;EntityPath=plain`,
    },
    {
      namespace: 'strict',
      name: 'x',
      actions: ['connect', 'request'],
      listen: null,
      send: `Endpoint=sb://strict.example.test:${port}/;SharedAccessKeyName=s;SharedAccessKey=k;EntityPath=x`,
    },
  ])
})

test('a port that is taken is an error, and nothing is left running', async () => {
  await untilOnly([])
  {
    await using relay = await startRelay({ resources })
    const dataPort = Number(new URL(relay.data).port)
    await assert.rejects(startRelay({ resources, options: { dataPort } }), /EADDRINUSE/)
  }
  await untilOnly([])
})

test('resources that make no sense are refused with their path', async () => {
  await assert.rejects(
    startRelay({ resources: { namespaces: [{ name: 'local', hybridConnections: [{ nam: 'x' } as never] }] } }),
    (error) => isRelayError(error, 'InvalidConfiguration') && /hybridConnections/.test(error.message),
  )
})

test('keys that the relay made are kept in the data folder over a restart', async (context) => {
  const data = await mkdtemp(join(tmpdir(), 'postern-test-'))
  context.after(() => rm(data, { recursive: true }))
  const listenKey = async (): Promise<string | null | undefined> => {
    await using relay = await startRelay({ resources, options: { inMemory: false, data, dataPort: 0 } })
    return relay.hybridConnections()[0]?.listen?.replace(/localhost:\d+/, '')
  }
  assert.equal(await listenKey(), await listenKey())
})
