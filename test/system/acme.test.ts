import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { on, once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { connect, createServer } from 'node:tls'
import { silentLogger } from '@postern/program'
import {
  AcmeCertificates,
  type AcmeCertificatesOptions,
} from '../../packages/server/src/certificates/acme-certificates.ts'
import { DevelopmentCa } from '../../packages/server/src/certificates/development-ca.ts'
import { TlsSettings } from '../../packages/server/src/certificates/tls-settings.ts'
import { ClientAddress } from '../../packages/server/src/gateway/front-door/client-address.ts'
import { FrontDoor } from '../../packages/server/src/gateway/front-door/front-door.ts'

const dayMs = 86_400_000

const isMissing = ['pebble', 'pebble-challtestsrv'].some((program) => spawnSync(program, ['-h']).error !== undefined)
if (isMissing && process.env['CI'] === 'true') {
  throw new Error("pebble is missing: install Debian's package pebble")
}
const skip = isMissing && "NOT TESTED: ACME needs Debian's package pebble (apt install pebble)"

let folder: string
let directoryUrl: string
let managementPort: number
let challengePort: number
let tlsPort: number
const children: ChildProcess[] = []

describe('a certificate from an ACME server', { skip }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-acme-'))
    const [port, management, dns, dnsManagement, challenges, tls] = await freePorts(6)
    directoryUrl = `https://localhost:${port}/dir`
    managementPort = management!
    challengePort = challenges!
    tlsPort = tls!
    const ca = await DevelopmentCa.open(await DevelopmentCa.createPair({ machine: 'acme', nowMs: Date.now() }))
    const { certPem, keyPem } = await ca.issue(['localhost', '127.0.0.1'], Date.now())
    const config = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: join(folder, 'server.pem'),
      privateKey: join(folder, 'server-key.pem'),
      httpPort: challengePort,
      tlsPort,
      certificateValidityPeriod: (90 * dayMs) / 1000,
    }
    await writeFile(join(folder, 'ca.pem'), ca.certPem)
    await writeFile(config.certificate, certPem)
    await writeFile(config.privateKey, keyPem)
    await writeFile(join(folder, 'pebble.json'), JSON.stringify({ pebble: config }))
    // Every name is this machine: the validation itself is real.
    const none = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', '']
    const names = ['-dns01', `127.0.0.1:${dns}`, '-management', `127.0.0.1:${dnsManagement}`]
    children.push(spawn('pebble-challtestsrv', [...none, ...names, '-defaultIPv4', '127.0.0.1'], { stdio: 'ignore' }))
    const pebble = spawn('pebble', ['-config', join(folder, 'pebble.json'), '-dnsserver', `127.0.0.1:${dns}`], {
      env: { ...process.env, PEBBLE_VA_NOSLEEP: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(pebble)
    await untilSays(pebble, /Listening on/)
  })

  after(async () => {
    for (const child of children) {
      child.kill()
    }
    await rm(folder, { recursive: true })
  })

  it('is ordered by http-01, accepted by clients, and kept with its account for the next start', async (test) => {
    const dataDir = await mkdtemp(join(folder, 'data-'))
    const hosts = ['relay.example.test', 'b.example.test']
    const options = { dataDir, hosts, challengeType: 'http-01', httpPort: challengePort } as const
    const { acme, changed } = await startAcme(test, options)
    await changed
    await new Promise<void>((resolve) => void acme.onChange(resolve))
    const root = await fetchRoot()
    for (const servername of hosts) {
      assert.equal(await isTrusted(acme, { root, servername }), true)
    }
    await acme.stop()
    const kept = join(dataDir, 'certificates', 'acme')
    const files = ['account-key.pem', 'b.example.test.pem', 'relay.example.test.pem']
    assert.deepEqual((await readdir(kept)).toSorted(), files)
    for (const file of files) {
      assert.equal((await stat(join(kept, file))).mode & 0o777, 0o600)
    }
    const accountKey = await readFile(join(kept, 'account-key.pem'), 'utf8')
    const next = await startAcme(test, options)
    assert.equal(next.acme.defaultCertificate.certPem, acme.defaultCertificate.certPem)
    assert.equal(await readFile(join(kept, 'account-key.pem'), 'utf8'), accountKey)
  })

  it('is renewed by tls-alpn-01 before its end, on the port that clients use and without one of them noticing', async (test) => {
    const dataDir = await mkdtemp(join(folder, 'data-'))
    const hosts = ['renewed.example.test']
    const first = await startAcme(test, { dataDir, hosts })
    const firstDoor = await openDoor(test, first.acme)
    await first.changed
    await firstDoor.close()
    await first.acme.stop()

    const next = await startAcme(test, { dataDir, hosts, now: () => Date.now() + 61 * dayMs })
    await openDoor(test, next.acme)
    let isRenewed = false
    const renewed = next.changed.then(() => {
      isRenewed = true
    })
    const seen = new Set<string>()
    const root = await fetchRoot()
    while (!isRenewed) {
      const socket = connect({ host: '127.0.0.1', port: tlsPort, ca: root, servername: 'renewed.example.test' })
      await once(socket, 'secureConnect')
      seen.add(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    }
    await renewed
    const [before, after] = [first, next].map(({ acme }) => new X509Certificate(acme.defaultCertificate.certPem))
    assert.notEqual(after!.fingerprint256, before!.fingerprint256)
    assert.ok(seen.has(before!.fingerprint256))
    seen.delete(before!.fingerprint256)
    seen.delete(after!.fingerprint256)
    assert.deepEqual([...seen], [])
    assert.equal(await isTrusted(next.acme, { root, servername: 'renewed.example.test' }), true)
  })

  it('is tried again after a failed validation, and clients get some certificate meanwhile', async (test) => {
    const dataDir = await mkdtemp(join(folder, 'data-'))
    const failures: number[] = []
    let fallback = ''
    const { acme, changed } = await startAcme(test, {
      dataDir,
      hosts: ['late.example.test'],
      retryDelayMs: (count) => {
        failures.push(count)
        fallback = acme.defaultCertificate.certPem
        if (count === 2) {
          void openDoor(test, acme)
        }
        return 50
      },
    })
    await changed
    assert.deepEqual(failures, [1, 2])
    assert.match(fallback, /BEGIN CERTIFICATE/)
    assert.equal(await isTrusted(acme, { root: await fetchRoot(), servername: 'late.example.test' }), true)
  })
})

interface StartedAcme {
  readonly acme: AcmeCertificates
  /** Fulfilled by the first change after start. */
  readonly changed: Promise<void>
}

async function startAcme(
  test: TestContext,
  options: Pick<AcmeCertificatesOptions, 'dataDir' | 'hosts' | 'now' | 'retryDelayMs' | 'challengeType' | 'httpPort'>,
): Promise<StartedAcme> {
  const acme = new AcmeCertificates({
    directoryUrl,
    directoryCaFile: join(folder, 'ca.pem'),
    email: 'operator@example.test',
    logger: silentLogger,
    ...options,
  })
  const changed = Promise.withResolvers<void>()
  const deadline = setTimeout(() => changed.reject(new Error('no certificate came')), 20_000)
  acme.onChange(() => changed.resolve())
  await acme.start()
  test.after(async () => {
    clearTimeout(deadline)
    await acme.stop()
  })
  return { acme, changed: changed.promise }
}

/** Port 443 of every host name, as the ACME server sees it. */
async function openDoor(test: TestContext, acme: AcmeCertificates): Promise<FrontDoor> {
  const settings = new TlsSettings({ source: acme })
  const door = new FrontDoor({
    handler: {
      onRequest: (_request, response) => void response.end(),
      onUpgrade: (_request, socket) => void socket.destroy(),
      onCheckContinue: (_request, response) => void response.end(),
    },
    tls: settings,
    limits: {
      maxHeaderBytes: 16_384,
      maxHeaderCount: 50,
      handshakeTimeoutMs: 10_000,
      maxUnauthorizedConnections: 100,
      maxUnauthorizedConnectionsPerAddress: 100,
    },
    clientAddress: new ClientAddress({ trustedProxies: [] }),
    logger: silentLogger,
  })
  await door.listen({ host: '127.0.0.1', port: tlsPort })
  test.after(async () => {
    settings.stop()
    await door.close()
  })
  return door
}

/** What a client of the relay sees: whether it accepts the certificate for this name. */
async function isTrusted(acme: AcmeCertificates, client: { root: string; servername: string }): Promise<boolean> {
  const settings = new TlsSettings({ source: acme })
  const server = createServer(settings.options, (socket) => socket.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect({ host: '127.0.0.1', port, ca: client.root, servername: client.servername })
  try {
    await once(socket, 'secureConnect')
    return socket.authorized
  } finally {
    socket.destroy()
    server.close()
    settings.stop()
  }
}

/** The root that this run of pebble signs with. */
async function fetchRoot(): Promise<string> {
  const ca = await readFile(join(folder, 'ca.pem'), 'utf8')
  const asked = request({ host: 'localhost', port: managementPort, path: '/roots/0', ca }).end()
  const [response] = await once(asked, 'response')
  return (await (response as IncomingMessage).toArray()).join('')
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createNetServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

async function untilSays(child: ChildProcess, wanted: RegExp): Promise<void> {
  let said = ''
  for await (const [chunk] of on(child.stdout!, 'data', { signal: AbortSignal.timeout(10_000) })) {
    said += String(chunk)
    if (wanted.test(said)) {
      break
    }
  }
  child.stdout!.resume()
}
