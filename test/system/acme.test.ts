import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { on, once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
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
/** Port 80 of every host name, as the ACME server sees it. */
const door = {
  server: createHttpServer(),
  requests: [] as string[],
  answer: (_path: string): string | undefined => undefined,
}
const children: ChildProcess[] = []

describe('a certificate from an ACME server', { skip }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-acme-'))
    const [port, management, dns, dnsManagement, challenges] = await freePorts(5)
    directoryUrl = `https://localhost:${port}/dir`
    managementPort = management!
    challengePort = challenges!
    const ca = await DevelopmentCa.open(await DevelopmentCa.createPair({ machine: 'acme', nowMs: Date.now() }))
    const { certPem, keyPem } = await ca.issue(['localhost', '127.0.0.1'], Date.now())
    const config = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: join(folder, 'server.pem'),
      privateKey: join(folder, 'server-key.pem'),
      httpPort: challengePort,
      tlsPort: 1,
      certificateValidityPeriod: (90 * dayMs) / 1000,
    }
    await writeFile(join(folder, 'ca.pem'), ca.certPem)
    await writeFile(config.certificate, certPem)
    await writeFile(config.privateKey, keyPem)
    await writeFile(join(folder, 'pebble.json'), JSON.stringify({ pebble: config }))
    door.server.on('request', (asked, response) => {
      const answer = door.answer(asked.url ?? '')
      door.requests.push(asked.url ?? '')
      response.writeHead(answer === undefined ? 404 : 200).end(answer)
    })
    door.server.listen(challengePort, '127.0.0.1')
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
    door.server.closeAllConnections()
    door.server.close()
    await rm(folder, { recursive: true })
  })

  it('is ordered by http-01, accepted by clients, and kept with its account for the next start', async (test) => {
    const dataDir = await mkdtemp(join(folder, 'data-'))
    const hosts = ['relay.example.test', 'b.example.test']
    const { acme, changed } = await startAcme(test, { dataDir, hosts })
    await changed
    await new Promise<void>((resolve) => void acme.onChange(resolve))
    const kept = join(dataDir, 'certificates', 'acme')
    const root = await fetchRoot()
    for (const servername of hosts) {
      assert.equal(await isTrusted(acme, { root, servername }), true)
    }
    await acme.stop()
    assert.ok(
      door.requests.every((path) => path.startsWith('/.well-known/acme-challenge/')) && door.requests.length >= 2,
    )
    assert.equal(acme.answerChallenge(door.requests[0]!), undefined)
    assert.deepEqual((await readdir(kept)).sort(), ['account-key.pem', 'b.example.test.pem', 'relay.example.test.pem'])
    for (const file of await readdir(kept)) {
      assert.equal((await stat(join(kept, file))).mode & 0o777, 0o600)
    }
    const accountKey = await readFile(join(kept, 'account-key.pem'), 'utf8')
    const next = await startAcme(test, { dataDir, hosts })
    assert.equal(next.acme.defaultCertificate.certPem, acme.defaultCertificate.certPem)
    assert.equal(await readFile(join(kept, 'account-key.pem'), 'utf8'), accountKey)
    assert.deepEqual(door.requests, [])
  })

  it('is renewed when its end comes near', async (test) => {
    const dataDir = await mkdtemp(join(folder, 'data-'))
    const hosts = ['renewed.example.test']
    const first = await startAcme(test, { dataDir, hosts })
    await first.changed
    await first.acme.stop()
    const { certPem } = first.acme.defaultCertificate

    const later = await startAcme(test, { dataDir, hosts, now: () => Date.now() + 61 * dayMs })
    assert.equal(later.acme.defaultCertificate.certPem, certPem)
    await later.changed
    assert.notEqual(later.acme.defaultCertificate.certPem, certPem)
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
          door.answer = (path) => acme.answerChallenge(path)
        }
        return 10
      },
    })
    door.answer = () => undefined
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
  options: Pick<AcmeCertificatesOptions, 'dataDir' | 'hosts' | 'now' | 'retryDelayMs'>,
): Promise<StartedAcme> {
  const acme = new AcmeCertificates({
    directoryUrl,
    directoryCaFile: join(folder, 'ca.pem'),
    email: 'operator@example.test',
    logger: silentLogger,
    ...options,
  })
  door.answer = (path) => acme.answerChallenge(path)
  door.requests = []
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
