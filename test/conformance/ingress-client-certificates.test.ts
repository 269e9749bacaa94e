// Devices that show a client certificate, or none, where an entry asks for one of an authority.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import * as https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import * as tls from 'node:tls'
import { createTestAuthority, startTestRelay, type TestRelay } from '@postern/testkit'
import { TcpTarget } from '../system/tcp-target.ts'
import { auditRecords } from './audit-records.ts'
import { portOf, resourcesWith, serveTargets } from './ingress-bed.ts'
import { RecordingLogger, refusalCounts } from './recording-logger.ts'

const signal = (): AbortSignal => AbortSignal.timeout(15_000)

interface Bed extends AsyncDisposable {
  readonly relay: TestRelay
  readonly log: RecordingLogger
  readonly ca: string
  readonly ours: Awaited<ReturnType<typeof createTestAuthority>>
  readonly foreign: Awaited<ReturnType<typeof createTestAuthority>>
  /** Bytes that have reached a target. */
  readonly arrived: () => number
}

/** `site.test` speaks HTTP, `raw.test` anything; both ask for a certificate of `ours`. */
async function openBed(t: TestContext): Promise<Bed> {
  const [ours, foreign] = [await createTestAuthority('devices'), await createTestAuthority('others')]
  const folder = mkdtempSync(join(tmpdir(), 'ingress-ca-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'ca.pem')
  writeFileSync(file, ours.certPem)
  const log = new RecordingLogger()
  const common = { port: 0, tls: 'terminate', clientCertificates: file } as const
  const relay = await startTestRelay({
    log,
    resources: resourcesWith([
      { name: 'site', hosts: ['site.test'], hybridConnection: 'site', ...common },
      { name: 'raw', sni: ['raw.test'], hybridConnection: 'db', ...common },
    ]),
  })
  let arrived = 0
  const target = await TcpTarget.start((socket) => {
    socket.on('data', (bytes) => {
      arrived += bytes.length
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
    })
  })
  const served = await serveTargets(relay, { site: target.port, db: target.port })
  const ca = relay.relay.caPem
  assert.ok(ca)
  return {
    relay,
    log,
    ca,
    ours,
    foreign,
    arrived: () => arrived,
    [Symbol.asyncDispose]: async () => {
      await served[Symbol.asyncDispose]()
      await target[Symbol.asyncDispose]()
      await relay[Symbol.asyncDispose]()
    },
  }
}

interface Heard {
  readonly bytes: string
  readonly session: Buffer | undefined
}

/** Sends a request as soon as the handshake allows it, and hears what comes. */
async function dial(bed: Bed, servername: string, options: tls.ConnectionOptions = {}): Promise<Heard> {
  const port = portOf(bed.relay, 'site')
  const socket = tls.connect({ port, host: '127.0.0.1', servername, ca: bed.ca, ...options })
  let session: Buffer | undefined
  socket.on('session', (made) => {
    session = made
  })
  socket.on('error', () => {})
  socket.write(`GET / HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`)
  const bytes: Buffer = await buffer(socket).catch(() => Buffer.alloc(0))
  return { bytes: bytes.toString('latin1'), session }
}

test('a certificate of a foreign authority, and none, are refused before any byte, and leave log line, record and count', async (t) => {
  await using bed = await openBed(t)
  const stranger = await bed.foreign.issue({ hosts: ['thief'] })
  for (const servername of ['site.test', 'raw.test']) {
    await dial(bed, servername, stranger)
    await dial(bed, servername)
  }
  const records = (await auditRecords(bed.relay, 4)).filter(({ result }) => result === 'refused')
  const entries = ['site', 'site', 'raw', 'raw']
  assert.deepEqual(
    records.map(({ reason }) => reason?.split(' (')[0]),
    entries.map((_, at) =>
      at % 2 === 0
        ? 'ClientCertificateRefused: The client certificate "thief" is not one of the authority that the entry names'
        : 'ClientCertificateRefused: The device has shown no client certificate',
    ),
  )
  assert.deepEqual(
    bed.log.refusals('ClientCertificateRefused').map(({ fields }) => fields['ingress']),
    entries.map((name) => `local/${name}`),
  )
  assert.equal((await refusalCounts(bed.relay))['ClientCertificateRefused'], 4)
  assert.equal(bed.arrived(), 0)
})

test('a certificate that has expired is told as that', async (t) => {
  await using bed = await openBed(t)
  await dial(bed, 'site.test', await bed.ours.issue({ hosts: ['old'], untilMs: -60_000 }))
  const [record] = (await auditRecords(bed.relay, 1)).filter(({ result }) => result === 'refused')
  assert.match(record?.reason ?? '', /The client certificate "old" has expired/)
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a session that began without a proof opens nothing when it is resumed, ${maxVersion}`, async (t) => {
    await using bed = await openBed(t)
    const stranger = await bed.foreign.issue({ hosts: ['thief'] })
    for (const certificate of [{}, stranger]) {
      for (const servername of ['site.test', 'raw.test']) {
        const { session } = await dial(bed, servername, { maxVersion, ...certificate })
        for (const again of [{}, certificate]) {
          const { bytes } = await dial(bed, servername, { maxVersion, ...again, ...(session && { session }) })
          assert.doesNotMatch(bytes, /^HTTP\/1\.1 200/)
        }
      }
    }
    assert.equal(bed.arrived(), 0)
    const device = await bed.ours.issue({ hosts: ['device'] })
    const { bytes, session } = await dial(bed, 'site.test', { maxVersion, ...device })
    assert.match(bytes, /^HTTP\/1\.1 200/)
    const { bytes: resumed } = await dial(bed, 'site.test', { maxVersion, ...(session && { session }) })
    assert.match(resumed, session ? /^HTTP\/1\.1 200/ : /^HTTP\/1\.1 403/)
  })
}

test('an HTTP client without a proof is told so, with a tracking id that the log has', async (t) => {
  await using bed = await openBed(t)
  const request = https.request({
    port: portOf(bed.relay, 'site'),
    host: '127.0.0.1',
    servername: 'site.test',
    ca: bed.ca,
    headers: { Host: 'site.test' },
    signal: signal(),
  })
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const body = await text(response)
  assert.equal(response.statusCode, 403)
  const [, id] = /^This site lets in only devices .* TrackingId:(\S+)\n$/.exec(body) ?? []
  assert.equal(bed.log.refusals()[0]?.fields['trackingId'], id)
})
