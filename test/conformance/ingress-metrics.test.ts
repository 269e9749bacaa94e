// What the relay counts for each of its public ports.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { applyDeclaredResources } from '../../packages/server/src/storage/apply-declared-resources.ts'
import { TcpTarget } from '../system/tcp-target.ts'
import { portOf, resourcesWith, serveTargets, startIngressRelay } from './ingress-bed.ts'
import { metrics, metricsPage } from './metrics.ts'

const signal = (): AbortSignal => AbortSignal.timeout(15_000)

function dial(port: number): Socket {
  return connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {})
}

/** Resolves when a socket is closed, whether by an error or not. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.resume().once('close', () => resolve()))
}

test('devices, their bytes and refusals are counted by entry, and no more when the entry is gone', async () => {
  const entry = { port: 0, hybridConnection: 'site' } as const
  const echoEntry = { ...entry, name: 'Echo', access: 'open' } as const
  await using relay = await startIngressRelay([echoEntry, { ...entry, name: 'shut', allow: ['203.0.113.0/24'] }])
  await using echo = await TcpTarget.start((socket) => socket.pipe(socket))
  await using _ = await serveTargets(relay, { site: echo.port })
  const device = dial(portOf(relay, 'echo'))
  device.write('12345')
  await once(device, 'data', { signal: signal() })
  const own = 'namespace="local",ingress="echo"'
  assert.equal(await metrics(relay, 'postern_ingress_connections', own), 1)
  device.end()
  await once(device.resume(), 'close', { signal: signal() })
  await metrics.until(relay, 'postern_ingress_connections', 0)
  assert.equal(await metrics(relay, 'postern_ingress_connections_total', own), 1)
  assert.equal(await metrics(relay, 'postern_ingress_bytes_total', own), 10)
  assert.equal(await metrics(relay, 'postern_ingress_refusals_total', own), 0)

  for (let at = 0; at < 2; at += 1) await gone(dial(portOf(relay, 'shut')))
  assert.equal(await metrics(relay, 'postern_ingress_refusals_total', 'ingress="shut",code="AddressNotAllowed"'), 2)
  assert.equal(await metrics(relay, 'postern_ingress_connections_total', 'ingress="shut"'), 0)

  await applyDeclaredResources(relay.relay.server.store, resourcesWith([echoEntry]))
  while (/ingress="shut"/.test(await metricsPage(relay))) signal().throwIfAborted()
  assert.equal(await metrics(relay, 'postern_ingress_connections_total', own), 1)
})

test('each request to an HTTP host is counted, those that are let in and those that are not', async (t) => {
  const site = createServer((_request, response) => response.end('here')).listen(0, '127.0.0.1')
  await once(site, 'listening')
  t.after(() => site.close())
  const entry = { port: 0, hosts: ['site.test'], hybridConnection: 'site' }
  await using relay = await startIngressRelay([
    { ...entry, name: 'web', access: 'open' },
    { ...entry, name: 'staff', hosts: ['staff.test'], allow: ['203.0.113.0/24'] },
  ])
  await using _ = await serveTargets(relay, { site: (site.address() as AddressInfo).port })
  const get = async (host: string): Promise<string> => {
    const asked = request({
      host: '127.0.0.1',
      port: portOf(relay, 'web'),
      agent: false,
      headers: { Host: host },
    }).end()
    const [answer] = await once(asked, 'response', { signal: signal() })
    return text(answer)
  }
  for (let at = 0; at < 3; at += 1) assert.equal(await get('site.test'), 'here')
  await get('staff.test')
  assert.equal(await metrics(relay, 'postern_ingress_http_requests_total', 'ingress="web"'), 3)
  assert.equal(await metrics(relay, 'postern_ingress_http_requests_total', 'ingress="staff"'), 0)
  assert.equal(await metrics(relay, 'postern_ingress_refusals_total', 'ingress="staff",code="AddressNotAllowed"'), 1)
})
