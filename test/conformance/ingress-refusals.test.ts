// What devices are told that go no further, and what the log says of them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import * as http from 'node:http'
import * as https from 'node:https'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import * as tls from 'node:tls'
import { Secret } from '@postern/program'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { PasswordHasher } from '../../packages/server/src/identity/password-hasher.ts'
import { auditRecords } from './audit-records.ts'
import { type Entry, portOf, resourcesWith } from './ingress-bed.ts'
import { RecordingLogger } from './recording-logger.ts'

const signal = (): AbortSignal => AbortSignal.timeout(15_000)

async function start(ingress: readonly Entry[]): Promise<{ readonly relay: TestRelay; readonly log: RecordingLogger }> {
  const log = new RecordingLogger()
  return { relay: await startTestRelay({ log, resources: resourcesWith(ingress) }), log }
}

interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

async function get(options: https.RequestOptions): Promise<Answer> {
  const request = (options.ca === undefined ? http : https).request({ host: '127.0.0.1', signal: signal(), ...options })
  request.end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }
}

/** Sends bytes and waits until the connection is over. */
async function say(port: number, bytes: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.end(bytes)
  await text(socket).catch(() => '')
}

test('a source with too many wrong passwords is told to wait until its minute is over', async () => {
  const passwordHash = await new PasswordHasher().hash(new Secret('open sesame'))
  const common = { port: 0, hybridConnection: 'site', tls: 'terminate' } as const
  const { relay, log } = await start([
    { name: 'site', hosts: ['site.test'], users: [{ name: 'ali', passwordHash }], ...common },
  ])
  await using _ = relay
  const ask = () =>
    get({
      port: portOf(relay, 'site'),
      ca: relay.relay.caPem ?? '',
      servername: 'site.test',
      headers: { Host: 'site.test', Authorization: `Basic ${btoa('ali:wrong')}` },
    })
  const wrong = await Promise.all(Array.from({ length: 20 }, ask))
  assert.ok(wrong.every(({ status }) => status === 401))
  const { status, headers, body } = await ask()
  assert.equal(status, 429)
  const waitS = Number(headers['retry-after'])
  assert.ok(waitS > 1 && waitS <= 60, `${waitS}`)
  const [line] = log.refusals('SignInsThrottled')
  assert.match(String(line?.fields['reason']), /^too many wrong passwords of 127\.0\.0\.1$/)
  assert.ok(body.endsWith(` TrackingId:${String(line?.fields['trackingId'])}\n`), body)
})

test('a site that cannot be reached is told with the tracking id that the log has', async () => {
  const passwordHash = await new PasswordHasher().hash(new Secret('x'))
  const common = { port: 0, hybridConnection: 'site', tls: 'terminate' } as const
  const { relay, log } = await start([
    { name: 'open', hosts: ['open.test'], access: 'open', ...common },
    {
      name: 'closed',
      hosts: ['closed.test'],
      users: [{ name: 'ali', passwordHash }],
      ...common,
    },
  ])
  await using _ = relay
  const ask = (host: string) =>
    get({ port: portOf(relay, 'open'), ca: relay.relay.caPem ?? '', servername: 'open.test', headers: { Host: host } })
  // Both sites show the relay's own certificate: one connection serves both.
  assert.equal((await ask('closed.test')).status, 401)
  const { status, body } = await ask('open.test')
  assert.equal(status, 502)
  const [line] = log.refusals('NoListenersConnected')
  assert.equal(line?.fields['ingress'], 'local/open')
  assert.ok(body.endsWith(` TrackingId:${String(line?.fields['trackingId'])}\n`), body)
})

test('log and audit log name port and entry of a refused device, as far as they are known', async () => {
  const open = { hybridConnection: 'site', access: 'open' } as const
  const { relay, log } = await start([
    { name: 'named', port: 0, sni: ['a.test'], ...open },
    { name: 'also', port: 0, sni: ['b.test'], ...open },
    { name: 'ended', port: 0, tls: 'terminate', ...open },
    { name: 'behind', port: 0, trustedProxies: ['127.0.0.1'], ...open },
    { name: 'site', port: 0, hosts: ['a.test'], ...open },
    { name: 'few', port: 0, hybridConnection: 'site', allow: ['192.0.2.1'] },
  ])
  await using _ = relay
  const ports = { named: portOf(relay, 'named'), ended: portOf(relay, 'ended'), behind: portOf(relay, 'behind') }
  const few = portOf(relay, 'few')
  for (const servername of [undefined, 'c.test']) {
    const socket = tls.connect({ port: ports.named, host: '127.0.0.1', ...(servername && { servername }) })
    await once(socket, 'error', { signal: signal() })
  }
  await say(ports.named, 'junk')
  await say(ports.ended, 'junk')
  await say(ports.behind, 'junk')
  await get({ port: ports.named, headers: { Host: 'c.test' } })
  await say(few, 'x')
  const expected = [
    ['The device names no server', ports.named, undefined],
    ['No entry has the server name c.test', ports.named, undefined],
    ['Neither TLS nor HTTP', ports.named, undefined],
    ['Neither TLS nor HTTP', ports.ended, 'local/ended'],
    ['The load balancer has sent no PROXY protocol header', ports.behind, 'local/behind'],
    ['No site has the name "c.test" here.', ports.named, undefined],
    ['the entry does not let this address in', few, 'local/few'],
  ] as const
  const records = await auditRecords(relay, expected.length)
  assert.deepEqual(
    log.refusals().map(({ fields }) => [fields['reason'], fields['port'], fields['ingress']]),
    expected,
  )
  assert.deepEqual(
    records.map(({ reason }) => reason?.replace(/^\w+: /, '')),
    expected.map(([reason, port, entry]) => `${reason} (port ${port}${entry ? `, ingress ${entry}` : ''})`),
  )
})
