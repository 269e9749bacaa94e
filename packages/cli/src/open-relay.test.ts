import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { silentLogger } from '@postern/program'
import { openRelay } from './open-relay.ts'
import { developmentTable, readRelaySettings } from './relay-settings.ts'

async function takePort(): Promise<{ readonly port: number } & Disposable> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { port, [Symbol.dispose]: () => server.close() }
}

function configFor(ports: { readonly dataPort: number; readonly managementPort: number }) {
  const flags = { inMemory: true, tls: 'off', bind: '127.0.0.1', ...ports }
  return readRelaySettings(developmentTable, { flags, env: {} }).config
}

test('movable doors whose ports are taken take free ones, and say so', async () => {
  using data = await takePort()
  using management = await takePort()
  const said: string[] = []
  await using relay = await openRelay(configFor({ dataPort: data.port, managementPort: management.port }), {
    log: silentLogger,
    movable: ['dataPort', 'managementPort'],
    onMoved: (text) => said.push(text),
  })
  assert.deepEqual(said, [
    `Port ${data.port} is taken by another program: the data door takes a free one.`,
    `Port ${management.port} is taken by another program: the management door takes a free one.`,
  ])
  assert.equal((await fetch(`http://127.0.0.1:${relay.server.managementPort}/healthz`)).status, 200)
})

test('a door that must not move is named with its option', async () => {
  using management = await takePort()
  await assert.rejects(
    openRelay(configFor({ dataPort: 0, managementPort: management.port }), {
      log: silentLogger,
      movable: ['dataPort'],
    }),
    new RegExp(`Port ${management.port} of the management door is taken .*--management-port`),
  )
})
