import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { Health } from '../telemetry/health.ts'
import { RelayReach } from './relay-reach.ts'

test('a relay that goes is away until it is back, and the reason says why', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const health = new Health()
  const relay = new RelayReach({
    health,
    intervalMs: 5,
    reach: async (signal) => {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect', { signal })
      socket.destroy()
    },
  })
  t.after(() => relay.stop())
  const until = async (isAway: boolean): Promise<void> => {
    const deadline = AbortSignal.timeout(10_000)
    while (relay.isAway !== isAway) {
      deadline.throwIfAborted()
      await new Promise(setImmediate)
    }
  }
  await relay.look()
  assert.deepEqual([relay.isAway, health.reasons], [false, []])
  server.close()
  await until(true)
  assert.match(health.reasons[0]?.message ?? '', /^the relay cannot be reached: connect ECONNREFUSED/)
  server.listen(port, '127.0.0.1')
  t.after(() => server.close())
  await until(false)
  assert.deepEqual(health.reasons, [])
})
