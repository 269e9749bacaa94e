import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { mock, test } from 'node:test'
import tls from 'node:tls'
import { createTestAuthority, startTestRelay } from '@postern/testkit'
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

test('a certificate whose time has not come, or is over, is told with the time here: the clock may be wrong', async (t) => {
  const authority = await createTestAuthority('Clockmaker')
  const hourMs = 3_600_000
  for (const [fromMs, untilMs, what] of [
    [hourMs, 2 * hourMs, 'not yet valid'],
    [-2 * hourMs, -hourMs, 'has expired'],
  ] as const) {
    const server = tls.createServer(await authority.issue({ hosts: ['127.0.0.1'], fromMs, untilMs }))
    t.after(() => server.close())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const openSocket = createOpenSocket({ tls: { ca: authority.certPem } })
    const opening = openSocket({ host: '127.0.0.1', port, secure: true, signal: AbortSignal.timeout(5_000) })
    await assert.rejects(opening, (error: Error & { code?: string }) => {
      assert.equal(error.code, 'CertificateOutOfDate')
      assert.match(error.message, new RegExp(`${what}.*the clock of this machine says ${new Date().getFullYear()}-`))
      return true
    })
  }
})
