// docs/protocol/messages.md, "Sending one message": what several requests of one HTTP/1.1 connection do to each other.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { signToken, type TestRelay } from '@postern/testkit'
import { startMessageRelay, subscribe } from './message-relay.ts'
import { metrics } from './metrics.ts'
import { assignRole, localScope } from './sign-in-principal.ts'
import { type SlowIssuer, startSlowIssuer } from './slow-issuer.ts'

function open(relay: TestRelay): Socket {
  const [host = '', port = ''] = relay.host.split(':')
  return connect({ host, port: Number(port) }).on('error', () => {})
}

function requestOf(relay: TestRelay, method: string, query: string, token: string, body = ''): string {
  const target = `/news?${query}&sb-hc-token=${encodeURIComponent(token)}`
  const lines = [`Host: ${relay.host}`, 'Content-Type: text/plain', `Content-Length: ${body.length}`]
  return [`${method} ${target} HTTP/1.1`, ...lines, '', body].join('\r\n')
}

function publishing(relay: TestRelay, token: string, body: string): string {
  return requestOf(relay, 'POST', 'sb-hc-action=publish', token, body)
}

/** A relay whose decision about the issuer's token waits for the issuer; that token may send. */
async function startSlowly(issuer: SlowIssuer, options: Parameters<typeof startMessageRelay>[0] = {}) {
  const relay = await startMessageRelay({ tls: 'off', oidcIssuers: issuer.oidcIssuers, ...options })
  await assignRole(relay, { principalId: issuer.principalId, role: 'sender', scope: localScope })
  await issuer.asked
  return relay
}

test('a message whose sender is decided about slowly is not overtaken by the next one of its connection', async () => {
  await using issuer = await startSlowIssuer()
  await using relay = await startSlowly(issuer)
  const subscriber = await subscribe(relay)
  const quick = signToken(relay.access('news').send)
  const socket = open(relay)
  let answers = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answers += chunk
  })
  const all = [issuer.token, quick, issuer.token, 'no token at all', quick]
  socket.write(all.map((token, at) => publishing(relay, token, String(at))).join(''))
  // Another connection shows that the quick ones were read and could have been delivered.
  const other = open(relay)
  other.write(publishing(relay, quick, 'of another connection'))
  assert.equal((await subscriber.frames.next()).payload.toString(), 'of another connection')
  issuer.tellKeys()
  for (const at of ['0', '1', '2', '4']) assert.equal((await subscriber.frames.next()).payload.toString(), at)
  const statuses = (): string[] => [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = '']) => status)
  while (statuses().length < all.length) await once(socket, 'data')
  assert.deepEqual(statuses(), ['202', '202', '202', '401', '202'])
  socket.destroy()
  other.destroy()
})

/** Publishes until the answer is this one, for at most 5 seconds. */
async function statusUntil(relay: TestRelay, token: string, wanted: string): Promise<void> {
  const deadline = AbortSignal.timeout(5000)
  for (let status = ''; status !== wanted; ) {
    const socket = open(relay)
    socket.write(publishing(relay, token, 'x'))
    const [answer] = await once(socket, 'data', { signal: deadline })
    status = String(answer).slice(9, 12)
    socket.destroy()
  }
}

test('a connection that ends while its first message is decided about leaves no place taken', async () => {
  await using issuer = await startSlowIssuer()
  await using relay = await startSlowly(issuer, { maxConnectionsPerNamespace: 2 })
  const quick = signToken(relay.access('news').send)
  const socket = open(relay)
  socket.write(publishing(relay, issuer.token, 'slow') + publishing(relay, quick, '1') + publishing(relay, quick, '2'))
  // Both places are taken by what waits behind the first one.
  await statusUntil(relay, quick, '403')
  socket.destroy()
  await once(socket, 'close')
  await statusUntil(relay, quick, '202')
  issuer.tellKeys()
})

test('a stream of events that waits for an earlier answer ends with its connection', async () => {
  await using relay = await startMessageRelay({ tls: 'off' })
  const token = signToken(relay.access('news').listen)
  const socket = open(relay)
  socket.write(requestOf(relay, 'GET', 'sb-hc-action=subscribe', token).repeat(3))
  await metrics.until(relay, 'postern_subscribers', 3)
  socket.destroy()
  await metrics.until(relay, 'postern_subscribers', 0)
})
