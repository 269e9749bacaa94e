import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { cutSocket } from './cut-socket.ts'

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

async function pair(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const { port } = server.address() as { port: number }
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
  const [far] = (await accepted) as [Socket]
  server.close()
  return { near, far: far.on('error', () => {}) }
}

test('a socket that is cut while its end is on its way is closed, and its bytes are not lost', async () => {
  const { near, far } = await pair()
  const hearing = once(far, 'data', { signal: signal() })
  if (near.connecting) await once(near, 'connect', { signal: signal() })
  await new Promise((resolve) => near.write('all of it', resolve))
  const closed = once(near, 'close', { signal: signal() })
  near.end()
  cutSocket(near)
  await closed
  const [heard] = await hearing
  assert.equal(String(heard), 'all of it')
})

test('a socket that is cut gives its peer a reset', async () => {
  const { near, far } = await pair()
  if (near.connecting) await once(near, 'connect', { signal: signal() })
  const reset = once(far.resume(), 'error', { signal: signal() })
  cutSocket(near)
  assert.equal((await reset)[0].code, 'ECONNRESET')
})
