import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { doctorExitCode, formatReports, type Hop, type HopResult, hopTable, Secret } from '@postern/program'
import {
  createTestAuthority,
  type ServerCertificate,
  startTestProxy,
  startTestRelay,
  type TestRelay,
} from '@postern/testkit'
import { metadataOf } from '../hcm-bed.contract.ts'
import { keyOf } from '../service/stored-access.ts'
import { StateStore } from '../state/state-store.ts'
import { diagnoseFolder } from './diagnose-state.ts'
import { startFront } from './relay-front.contract.ts'

const secrets = { listen: 'key-that-listens', send: 'key-that-sends', all: 'key-for-all' } as const
const authority = await createTestAuthority('Authority of the relay')
const stranger = await createTestAuthority('Evil Interception CA')

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const target = createServer((socket) => socket.on('error', () => {}).resume())
target.listen(0, '127.0.0.1')
await once(target, 'listening')
after(() => target.close())
const targetPort = (target.address() as AddressInfo).port

const relay = await startRelayOf(`127.0.0.1:${targetPort}`)
after(() => relay[Symbol.asyncDispose]())

async function startRelayOf(endpoint: string | undefined): Promise<TestRelay> {
  const rule = (name: string, rights: ('Listen' | 'Send')[], primaryKey: string) => ({
    name,
    rights,
    primaryKey,
    secondaryKey: `${primaryKey}-2`,
  })
  return startTestRelay({
    options: { tls: 'off' },
    resources: {
      namespaces: [
        {
          name: 'local',
          default: true,
          rules: [
            rule('listen', ['Listen'], secrets.listen),
            rule('send', ['Send'], secrets.send),
            rule('all', ['Listen', 'Send'], secrets.all),
          ],
          hybridConnections: [{ name: 'db', ...(endpoint !== undefined && { userMetadata: metadataOf(endpoint) }) }],
        },
      ],
    },
  })
}

interface Case {
  readonly place: string
  readonly rule?: string
  readonly key?: string
  readonly path?: string
  /** In place of rule and key. */
  readonly signature?: string
  readonly tls?: boolean
  readonly proxy?: string
  readonly policy?: readonly string[]
  readonly pinned?: string
  readonly demandsTls?: boolean
}

interface Diagnosis {
  readonly hops: readonly HopResult[]
  readonly text: string
  readonly exitCode: number
}

async function diagnose(fault: Case): Promise<Diagnosis> {
  const { place, rule = 'all', key = secrets.all, path = 'db', signature, tls = false, proxy } = fault
  const credential =
    signature === undefined
      ? `SharedAccessKeyName=${rule};SharedAccessKey=${key}`
      : `SharedAccessSignature=${signature}`
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'))
  folders.push(folder)
  const store = await StateStore.open(folder)
  const connectionString = `Endpoint=sb://${place}/;${credential};EntityPath=${path}`
  const where = { host: place.replace(/:\d+$/, ''), path }
  await store.update((state) => ({
    ...state,
    policy: [...(fault.policy ?? [])],
    hybridConnections: [
      {
        ...where,
        origin: 'manual',
        connectionString: store.key.seal(new Secret(connectionString), keyOf(where)),
        ...(fault.pinned !== undefined && { pinned: fault.pinned }),
        follow: false,
        addedAt: new Date().toISOString(),
      },
    ],
  }))
  const startedAtMs = performance.now()
  const reports = await diagnoseFolder(
    folder,
    { demandsTls: fault.demandsTls ?? false },
    {
      tls: tls ? { ca: authority.certPem } : false,
      proxy: new Secret(proxy ?? 'off'),
    },
  )
  assert.ok(performance.now() - startedAtMs < 15_000, 'it took too long')
  const text = formatReports(reports)
  for (const secret of [...Object.values(secrets), 'word-for-the-proxy']) {
    assert.ok(!JSON.stringify(reports).includes(secret) && !text.includes(secret), 'a secret is shown')
  }
  return { hops: reports[0]?.hops ?? [], text, exitCode: doctorExitCode(reports) }
}

/** Everything before the hop is well, the hop is broken, and what it says helps. */
function assertBroken({ hops, text, exitCode }: Diagnosis, hop: Hop, fix: RegExp): void {
  const first = hops.find(({ state }) => state === 'failed')
  assert.equal(first?.hop, hop, text)
  assert.equal(exitCode, hopTable[hop].exitCode)
  assert.match(`${first.seen} ${first.fix}`, fix)
  assert.ok(first.fix, text)
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function startTlsTarget(certificate: ServerCertificate): Promise<{ readonly port: number } & Disposable> {
  const server = createTlsServer(certificate, (socket) => socket.on('error', () => {}).resume())
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() }
}

test('nothing is broken: all hops are looked at, the stream end to end too', async () => {
  const diagnosis = await diagnose({ place: relay.host })
  assert.equal(diagnosis.exitCode, 0, diagnosis.text)
  const states = Object.fromEntries(diagnosis.hops.map(({ hop, state }) => [hop, state]))
  assert.deepEqual(states, {
    configuration: 'warning',
    dns: 'ok',
    tcp: 'ok',
    proxy: 'ok',
    tls: 'warning',
    upgrade: 'ok',
    clock: 'ok',
    token: 'ok',
    entity: 'ok',
    right: 'ok',
    'control-channel': 'ok',
    rendezvous: 'ok',
    endpoint: 'ok',
    policy: 'ok',
    'target-dns': 'ok',
    'target-tcp': 'ok',
    'target-tls': 'skipped',
  })
  assert.match(diagnosis.text, /Nothing is broken\./)
})

test('a key that may not send leaves the rendezvous unchecked, and says so', async () => {
  const { hops, exitCode, text } = await diagnose({ place: relay.host, rule: 'listen', key: secrets.listen })
  assert.equal(exitCode, 0, text)
  assert.match(hops.find(({ hop }) => hop === 'rendezvous')?.seen ?? '', /no right Send/)
})

test('fault: a state file that is broken', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'))
  folders.push(folder)
  writeFileSync(join(folder, 'hcm.json'), '{"version":1,"listenerId":"')
  const reports = await diagnoseFolder(folder, { demandsTls: false }, { tls: false, proxy: undefined })
  assert.equal(doctorExitCode(reports), hopTable.configuration.exitCode)
  assert.match(formatReports(reports), /hcm\.json cannot be read: it is no JSON, or ends in the middle/)
})

test('fault: no such host name', async () => {
  const diagnosis = await diagnose({ place: 'no-such-relay.invalid', pinned: `127.0.0.1:${targetPort}` })
  assertBroken(diagnosis, 'dns', /no-such-relay\.invalid|resolv\.conf/)
  const states = new Map(diagnosis.hops.map(({ hop, state }) => [hop, state]))
  assert.equal(states.get('rendezvous'), 'skipped')
  // The target is known from before, and does not depend on the relay.
  assert.equal(states.get('target-tcp'), 'ok')
})

test('fault: a port where nothing listens', async () => {
  assertBroken(await diagnose({ place: `127.0.0.1:${await freePort()}` }), 'tcp', /refuses.*Check the port/)
})

test('fault: packets that vanish', async () => {
  const hole = await startBlackHole()
  try {
    assertBroken(await diagnose({ place: `127.0.0.1:${hole.port}` }), 'tcp', /no answer.*firewall.*--proxy/)
  } finally {
    hole.end()
  }
})

test('fault: a certificate by an authority that nobody trusts, which is named', async () => {
  const certificate = await stranger.issue({ hosts: ['127.0.0.1'] })
  await using front = await startFront({ relay: relay.host, certificate })
  const diagnosis = await diagnose({ place: `127.0.0.1:${front.port}`, tls: true })
  assertBroken(diagnosis, 'tls', /Evil Interception CA.*--tls-ca/)
})

test('fault: a certificate that has expired', async () => {
  const certificate = await authority.issue({ hosts: ['127.0.0.1'], fromMs: -7_200_000, untilMs: -3_600_000 })
  await using front = await startFront({ relay: relay.host, certificate })
  assertBroken(await diagnose({ place: `127.0.0.1:${front.port}`, tls: true }), 'tls', /has expired.*renewed/)
})

test('fault: a certificate of the future, because the clock here is behind', async () => {
  const dayMs = 86_400_000
  const certificate = await authority.issue({ hosts: ['127.0.0.1'], fromMs: dayMs - 3_600_000, untilMs: 2 * dayMs })
  await using front = await startFront({ relay: relay.host, certificate, aheadMs: dayMs })
  const diagnosis = await diagnose({ place: `127.0.0.1:${front.port}`, tls: true })
  assertBroken(diagnosis, 'tls', /86(?:39|40)\d s behind.*timedatectl/)
})

test('fault: a certificate for another name', async () => {
  const certificate = await authority.issue({ hosts: ['relay.corp'] })
  await using front = await startFront({ relay: relay.host, certificate })
  assertBroken(await diagnose({ place: `127.0.0.1:${front.port}`, tls: true }), 'tls', /relay\.corp.*in place of 127/)
})

test('fault: no TLS where it is wanted', async () => {
  assertBroken(await diagnose({ place: relay.host, tls: true }), 'tls', /no TLS is spoken.*--no-tls/)
})

test('fault: an interceptor that removes the upgrade', async () => {
  const certificate = await authority.issue({ hosts: ['127.0.0.1'] })
  await using front = await startFront({ relay: relay.host, certificate, stripsUpgrade: true })
  const diagnosis = await diagnose({ place: `127.0.0.1:${front.port}`, tls: true })
  assertBroken(diagnosis, 'upgrade', /ordinary request.*removes Connection and Upgrade/)
})

test('fault: a gateway that answers in place of the relay', async () => {
  await using front = await startFront({ relay: relay.host, answersItself: true })
  const diagnosis = await diagnose({ place: `127.0.0.1:${front.port}` })
  assertBroken(diagnosis, 'upgrade', /no relay.*200.*corporate-gateway.*WebSockets/)
})

test('fault: a proxy that wants a password (407)', async () => {
  await using proxy = await startTestProxy({
    kind: 'http',
    credentials: { user: 'jo', password: 'word-for-the-proxy' },
  })
  assertBroken(await diagnose({ place: relay.host, proxy: proxy.url }), 'proxy', /407.*USER:PASSWORD@/)
})

test('fault: a proxy that forbids the relay (403)', async () => {
  await using proxy = await startTestProxy({ kind: 'http', refuses: 403 })
  assertBroken(await diagnose({ place: relay.host, proxy: proxy.url }), 'proxy', /403.*allow CONNECT/)
})

test('fault: a proxy that is not there', async () => {
  const proxy = `socks5://jo:word-for-the-proxy@127.0.0.1:${await freePort()}`
  const diagnosis = await diagnose({ place: relay.host, proxy })
  assertBroken(diagnosis, 'tcp', /refuses.*the proxy runs/)
})

test('by way of a proxy that works nothing is broken, and the name of the relay is left to it', async () => {
  await using proxy = await startTestProxy({ kind: 'socks5', names: { 'relay.invalid': '127.0.0.1' } })
  const place = `relay.invalid:${relay.host.split(':')[1]}`
  const { exitCode, text } = await diagnose({ place, proxy: proxy.url })
  assert.equal(exitCode, 0, text)
  assert.match(text, /it resolves relay\.invalid itself/)
})

test('fault: a clock that is off', async () => {
  await using front = await startFront({ relay: relay.host, aheadMs: 1_200_000 })
  const diagnosis = await diagnose({ place: `127.0.0.1:${front.port}` })
  assertBroken(diagnosis, 'clock', /1(?:199|200|201) s behind.*timedatectl/)
})

test('fault: a wrong key', async () => {
  assertBroken(await diagnose({ place: relay.host, key: 'another' }), 'token', /rule all.*key is another one/)
})

test('fault: a rule that does not exist', async () => {
  assertBroken(await diagnose({ place: relay.host, rule: 'nobody' }), 'token', /rule nobody.*no such name/)
})

test('fault: a signature that has expired', async () => {
  const signature = 'SharedAccessSignature sr=http%3a%2f%2flocalhost%2fdb&sig=AAAA&se=1000000000&skn=all'
  assertBroken(await diagnose({ place: relay.host, signature }), 'token', /expired|signature/i)
})

test('fault: a hybrid connection that does not exist', async () => {
  assertBroken(await diagnose({ place: relay.host, path: 'other' }), 'entity', /"other".*EntityPath/)
})

test('fault: a key without the right to listen', async () => {
  assertBroken(await diagnose({ place: relay.host, rule: 'send', key: secrets.send }), 'right', /Listen/)
})

test('fault: a control channel that is cut', async () => {
  await using front = await startFront({ relay: relay.host, cutsAfterMs: 200 })
  assertBroken(await diagnose({ place: `127.0.0.1:${front.port}` }), 'control-channel', /cut.*proxy that cuts/)
})

test('fault: a rendezvous that is not let through', async () => {
  await using front = await startFront({ relay: relay.host, refusesAccept: true })
  const diagnosis = await diagnose({ place: `127.0.0.1:${front.port}` })
  assertBroken(diagnosis, 'rendezvous', /could not open its rendezvous.*sb-hc-action=accept/)
})

test('fault: a hybrid connection without an endpoint', async () => {
  await using other = await startRelayOf(undefined)
  assertBroken(await diagnose({ place: other.host }), 'endpoint', /says no endpoint.*userMetadata/)
})

test('fault: an endpoint that the site does not allow', async () => {
  const diagnosis = await diagnose({ place: relay.host, pinned: '10.9.8.7:5432' })
  assertBroken(diagnosis, 'policy', new RegExp(`hcm policy allow 127\\.0\\.0\\.1:${targetPort}`))
})

test('fault: a target whose name is none', async () => {
  await using other = await startRelayOf('no-such-target.invalid:5432')
  assertBroken(await diagnose({ place: other.host }), 'target-dns', /no-such-target\.invalid|resolv\.conf/)
})

test('fault: a target that refuses', async () => {
  await using other = await startRelayOf(`127.0.0.1:${await freePort()}`)
  assertBroken(await diagnose({ place: other.host }), 'target-tcp', /refuses.*the target runs/)
})

test('fault: a target that speaks no TLS, and one whose certificate is not trusted', async () => {
  assertBroken(await diagnose({ place: relay.host, demandsTls: true }), 'target-tls', /TLS/)
  using service = await startTlsTarget(await stranger.issue({ hosts: ['127.0.0.1'] }))
  await using other = await startRelayOf(`127.0.0.1:${service.port}`)
  assertBroken(await diagnose({ place: other.host, demandsTls: true }), 'target-tls', /Evil Interception CA/)
})

/** A port whose queue of connections is full: the kernel drops what else comes, as a firewall would. */
async function startBlackHole(): Promise<{ readonly port: number; readonly end: () => void }> {
  const program = `const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))`
  const child: ChildProcess = spawn(process.execPath, ['--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer]
  const port = Number(chunk.toString())
  child.kill('SIGSTOP')
  const fillers: Socket[] = Array.from({ length: 6 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => {}))
  await Promise.race(fillers.map((filler) => once(filler, 'connect')))
  return {
    port,
    end: () => {
      for (const filler of fillers) filler.destroy()
      child.kill('SIGKILL')
    },
  }
}
