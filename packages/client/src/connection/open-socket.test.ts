import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import tls from 'node:tls'
import { startTestRelay } from '@postern/testkit'
import { createOpenSocket } from './open-socket.ts'

test('authorities are read for the first connection only', async () => {
  await using relay = await startTestRelay()
  const [host = '', port] = relay.host.split(':')
  const target = { host, port: Number(port), secure: true, signal: AbortSignal.timeout(5000) }
  const openSocket = createOpenSocket({ tls: relay.tls, connectTimeoutMs: 5000 })
  const reads = mock.method(tls, 'createSecureContext')
  for (const _ of [1, 2, 3]) (await openSocket(target)).destroy()
  // What tls.connect makes by itself; ours is not among them.
  assert.equal(reads.mock.callCount(), 0)
})
