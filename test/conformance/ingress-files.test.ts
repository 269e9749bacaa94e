// Files that entries name: what is said when they cannot be used, at start and later.
import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { createTestAuthority, startTestRelay } from '@postern/testkit'
import { EntryFileWatch } from '../../packages/server/src/ingress/entry-file-watch.ts'
import { ingressOf } from '../../packages/server/src/storage/declared-ingress.ts'
import { type Entry, portOf, resourcesWith } from './ingress-bed.ts'
import { RecordingLogger } from './recording-logger.ts'

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ingress-files-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const site = (file: string): Entry => ({
  name: 'site',
  port: 0,
  hosts: ['site.test'],
  tls: 'terminate',
  hybridConnection: 'site',
  clientCertificates: file,
})

test('a relay that starts with a file that is missing, or is no certificate, says so in log, readiness and state', async (t) => {
  const folder = folderFor(t)
  const [gone, junk] = [join(folder, 'gone.pem'), join(folder, 'junk.pem')]
  writeFileSync(junk, 'no certificate')
  const log = new RecordingLogger()
  const oidc = { issuer: 'https://issuer.test', clientId: 'x', clientSecretFile: gone, anyone: true } as const
  const people: Entry = { name: 'people', port: 0, hosts: ['b.test'], tls: 'terminate', hybridConnection: 'site', oidc }
  await using relay = await startTestRelay({
    log,
    resources: resourcesWith([site(gone), { ...site(junk), name: 'other', hosts: ['a.test'] }, people]),
  })
  const lines = log.lines.filter(({ event }) => event === 'ingress.file-unusable')
  assert.deepEqual(
    lines.map(({ fields }) => [fields['ingress'], fields['message']]),
    [
      ['local/site', `clientCertificates: the file ${gone} cannot be read: there is no such file`],
      ['local/other', `clientCertificates: the file ${junk} holds no certificate in PEM`],
      ['local/people', `oidc.clientSecretFile: the file ${gone} cannot be read: there is no such file`],
    ],
  )
  const [reason] = relay.relay.server.health.reasons
  assert.equal(reason?.part, 'ingress')
  assert.match(reason?.message ?? '', /ingress local\/site: .*; ingress local\/other: .*; ingress local\/people: /)
})

test('a file that becomes unusable while the relay runs is told once, and so is its return', async (t) => {
  const file = join(folderFor(t), 'ca.pem')
  const { certPem } = await createTestAuthority('devices')
  writeFileSync(file, certPem)
  const heard: (readonly [string, string][])[] = []
  const changed: (() => void)[] = []
  const watch = new EntryFileWatch({
    intervalMs: 1,
    onFaults: (faults) => {
      heard.push([...faults])
      for (const resolve of changed.splice(0)) resolve()
    },
  })
  t.after(() => watch.stop())
  const [entry] = ingressOf([site(file)])
  assert.ok(entry)
  await watch.replace([{ owner: 'local', entry }])
  assert.deepEqual(heard, [])
  const next = (): Promise<void> => new Promise((resolve) => changed.push(resolve))
  const broken = next()
  unlinkSync(file)
  await broken
  const mended = next()
  writeFileSync(`${file}.new`, certPem)
  renameSync(`${file}.new`, file)
  await mended
  const [first, ...others] = heard
  assert.match(first?.[0]?.[1] ?? '', /cannot be read: there is no such file$/)
  assert.deepEqual(others, [[]])
})

test('what an entry says and will hardly mean is told at start and after a change, once', async () => {
  const log = new RecordingLogger()
  const lost: Entry = { name: 'lost', port: 0, hybridConnection: 'sitee', access: 'open' }
  await using relay = await startTestRelay({ log, resources: resourcesWith([lost]) })
  const doubts = () => log.lines.filter(({ event }) => event === 'ingress.doubtful').map(({ fields }) => fields)
  const message = 'hybridConnection: the namespace has no hybrid connection sitee; did you mean site?'
  assert.deepEqual(doubts(), [{ ingress: 'local/lost', message }])
  const device = connect({ port: portOf(relay, 'lost'), host: '127.0.0.1' })
  device.on('error', () => {})
  device.write('x')
  await text(device).catch(() => '')
  assert.match(String(log.refusals('EndpointNotFound')[0]?.fields['reason']), /no hybrid connection sitee$/)
})

test('a relay without TLS does not start with an entry that ends it', async () => {
  const entry: Entry = {
    name: 'web',
    port: 0,
    sni: ['a.test'],
    tls: 'terminate',
    hybridConnection: 'site',
    access: 'open',
  }
  await assert.rejects(
    startTestRelay({ resources: resourcesWith([entry]), options: { tls: 'off' } }),
    /namespaces\[0\]\.ingress\[0\]\.tls: cannot be had from a relay that runs with --tls off: it has no certificates/,
  )
})
