// Entries that change while devices are connected: who may still come stays, the others are cut and counted.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import * as tls from 'node:tls'
import { Secret } from '@postern/program'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { PasswordHasher } from '../../packages/server/src/identity/password-hasher.ts'
import { applyDeclaredResources } from '../../packages/server/src/storage/apply-declared-resources.ts'
import { freePort } from '../system/free-port.ts'
import { TcpTarget } from '../system/tcp-target.ts'
import { auditRecords } from './audit-records.ts'
import { type Entry, portOf, resourcesWith, serveTargets } from './ingress-bed.ts'
import { RecordingLogger } from './recording-logger.ts'

const signal = (): AbortSignal => AbortSignal.timeout(15_000)

interface Bed extends AsyncDisposable {
  readonly relay: TestRelay
  readonly log: RecordingLogger
  /** Puts these entries in place of the others, and waits until they are open. */
  declare(...entries: readonly Entry[]): Promise<void>
}

async function openBed(...entries: readonly Entry[]): Promise<Bed> {
  const log = new RecordingLogger()
  const relay = await startTestRelay({ log, resources: resourcesWith(entries) })
  const echo = await TcpTarget.start((socket) => socket.pipe(socket))
  const served = await serveTargets(relay, { site: echo.port, other: echo.port })
  const { server } = relay.relay
  let markers = 0
  return {
    relay,
    log,
    // A port that was not there before is open after all changes that came before it.
    declare: async (...wanted) => {
      const marker: Entry = { name: `m${markers++}`, port: 0, hybridConnection: 'db', access: 'open' }
      await applyDeclaredResources(server.store, resourcesWith([...wanted, marker]))
      while (server.ingress.portOf(marker.name) === undefined) await new Promise(setImmediate)
    },
    [Symbol.asyncDispose]: async () => {
      await served[Symbol.asyncDispose]()
      await echo[Symbol.asyncDispose]()
      await relay[Symbol.asyncDispose]()
    },
  }
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  await isServed(socket)
  return socket
}

async function isServed(socket: Socket): Promise<void> {
  socket.write('x')
  await once(socket, 'data', { signal: signal() })
}

const cuts = (log: RecordingLogger) =>
  log.lines.filter(({ event }) => event === 'ingress.cut').map(({ fields: { ingress, devices } }) => [ingress, devices])

test('wider rules, other limits and other words for the target leave connections alone; what is new comes by them', async () => {
  const entry = { name: 'web', port: await freePort(), hybridConnection: 'site', allow: ['127.0.0.1'] } as const
  await using bed = await openBed(entry)
  const device = await dial(portOf(bed.relay, 'web'))
  for (const more of [
    { allow: ['127.0.0.1', '10.0.0.9'] },
    { maxConnections: 501, connectionsPerSecondPerSource: 7 },
    { proxyProtocol: 'v2' },
    { trustedProxies: ['10.0.0.2'] },
  ] as const) {
    await bed.declare({ ...entry, ...more })
    await isServed(device)
  }
  await bed.declare({ ...entry, maxConnections: 1 })
  await isServed(device)
  const second = connect({ port: portOf(bed.relay, 'web'), host: '127.0.0.1' })
  second.on('error', () => {})
  await once(second, 'close', { signal: signal() }).catch(() => {})
  assert.match(String(bed.log.refusals('ServerBusy')[0]?.fields['reason']), /more than 1 connections at once/)
  await isServed(device)
  assert.deepEqual(cuts(bed.log), [])
  device.destroy()
})

test('a device that the new rules forbid is cut, and log and audit log say why', async () => {
  const entry = { name: 'web', port: await freePort(), hybridConnection: 'site', access: 'open' } as const
  await using bed = await openBed(entry)
  const changes: readonly (readonly Entry[])[] = [
    [{ name: 'web', port: entry.port, hybridConnection: 'site', allow: ['10.0.0.9'] }],
    [{ ...entry, hybridConnection: 'other' }],
    [],
  ]
  for (const change of changes) {
    await bed.declare(entry)
    const device = await dial(portOf(bed.relay, 'web'))
    const gone = new Promise((resolve) => device.once('close', resolve))
    await bed.declare(...change)
    await gone
  }
  assert.deepEqual(
    cuts(bed.log),
    changes.map(() => ['local/web', 1]),
  )
  const records = (await auditRecords(bed.relay, 3)).filter(({ kind }) => kind === 'stream')
  assert.deepEqual(
    records.map(({ result, stream }) => [result, stream?.closeReason]),
    [
      ['failed', 'The entry has changed and does not let this device in any more'],
      ['failed', 'The entry has changed and leads elsewhere, or asks for other proofs'],
      ['failed', 'The entry is gone'],
    ],
  )
})

test('who signs in with a new password comes in by the connection on which the old one has counted', async () => {
  const port = await freePort()
  const hash = (password: string): Promise<string> => new PasswordHasher().hash(new Secret(password))
  const entry = { name: 'web', port, hosts: ['a.test'], tls: 'terminate', hybridConnection: 'site' } as const
  const withPassword = (passwordHash: string): Entry => ({ ...entry, users: [{ name: 'ali', passwordHash }] })
  await using bed = await openBed(withPassword(await hash('old')))
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'a.test', ca: bed.relay.relay.caPem ?? '' })
  socket.on('error', () => {})
  const ask = async (password: string): Promise<string> => {
    const credential = btoa(`ali:${password}`)
    socket.write(`GET / HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic ${credential}\r\n\r\n`)
    const [answer] = (await once(socket, 'data', { signal: signal() })) as [Buffer]
    return answer.toString('latin1').slice(0, 12)
  }
  // The target gives back what it is sent, which is no answer.
  assert.equal(await ask('old'), 'HTTP/1.1 502')
  await bed.declare(withPassword(await hash('new')))
  assert.equal(await ask('old'), 'HTTP/1.1 401')
  assert.equal(await ask('new'), 'HTTP/1.1 502')
  const reasons = bed.log.refusals('ConnectionFailed').map(({ fields }) => String(fields['reason']))
  assert.ok(
    reasons.length === 2 && reasons.every((reason) => reason.startsWith('The target has not answered: ')),
    String(reasons),
  )
  socket.destroy()
})
