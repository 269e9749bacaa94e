// TLS of a whole relay with certificate files: versions, one certificate for each namespace host, exchange under load.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { RawWebSocket, ScriptedListener, signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { DevelopmentCa } from '../../packages/server/src/certificates/development-ca.ts'
import { missingPrograms, runProgram } from './run-program.ts'

let folder: string
let ca: DevelopmentCa

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-tls-'))
  ca = await DevelopmentCa.open(await DevelopmentCa.createPair({ machine: 'tls', nowMs: Date.now() }))
  await issue('default', ['localhost', '127.0.0.1'])
  await issue('alpha', ['alpha.test'])
  await issue('beta', ['*.beta.test'])
})

after(() => rm(folder, { recursive: true }))

/** Writes a new certificate and key as an operator's tool does: beside the old ones, then in their place. */
async function issue(name: string, hosts: readonly string[]): Promise<string> {
  const { certPem, keyPem } = await ca.issue(hosts, Date.now())
  await writeFile(join(folder, `${name}.new`), certPem + keyPem)
  await rename(join(folder, `${name}.new`), join(folder, `${name}.pem`))
  return new X509Certificate(certPem).fingerprint256
}

const pair = (name: string): string => `${join(folder, `${name}.pem`)},${join(folder, `${name}.pem`)}`

const rules = [{ name: 'Root', rights: ['Listen', 'Send', 'Manage'] }] as const

async function start(test: TestContext, options: Record<string, string | string[]> = {}): Promise<TestRelay> {
  const relay = await startTestRelay({
    options: {
      certificates: [pair('default'), `alpha.test=${pair('alpha')}`, `*.beta.test=${pair('beta')}`],
      ...options,
    },
    resources: {
      namespaces: [
        { name: 'alpha', default: true, hosts: ['alpha.test'], rules, hybridConnections: [{ name: 'echo' }] },
        { name: 'beta', hosts: ['eu.beta.test'], rules, hybridConnections: [{ name: 'far' }] },
      ],
    },
  })
  test.after(() => relay[Symbol.asyncDispose]())
  return relay
}

async function dial(relay: TestRelay, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const { dataPort: port } = relay.relay.server
  const socket = connect({ host: '127.0.0.1', port, ca: ca.certPem, servername: 'localhost', ...options })
  await once(socket, 'secureConnect')
  return socket
}

/** `ca` and the way to the relay, for clients that dial a host which no resolver knows. */
const tlsFor = (relay: TestRelay): ConnectionOptions => ({
  ca: ca.certPem,
  host: '127.0.0.1',
  port: relay.relay.server.dataPort,
  servername: 'localhost',
})

for (const [minimum, accepted, refused] of [
  ['TLSv1.2', ['tls1_2', 'tls1_3'], ['tls1', 'tls1_1']],
  ['TLSv1.3', ['tls1_3'], ['tls1', 'tls1_1', 'tls1_2']],
] as const) {
  test(`with ${minimum} as minimum, openssl gets in with ${accepted.join(' and ')} and not with ${refused.join(', ')}`, {
    skip: missingPrograms({ openssl: 'openssl' }),
  }, async (t) => {
    const relay = await start(t, { tlsMinVersion: minimum })
    const attempt = async (version: string): Promise<string> => {
      const target = `127.0.0.1:${relay.relay.server.dataPort}`
      const options = ['-connect', target, `-${version}`, '-cipher', 'ALL:@SECLEVEL=0', '-servername', 'localhost']
      const { stdout, stderr } = await runProgram('openssl', ['s_client', ...options, '-ign_eof'], {
        input: 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
        timeoutMs: 10_000,
      })
      return stdout.toString() + stderr
    }
    for (const version of accepted) assert.match(await attempt(version), /HTTP\/1\.1 401 /, version)
    for (const version of refused) {
      const said = await attempt(version)
      assert.doesNotMatch(said, /HTTP\/1\.1/, version)
      assert.match(said, /alert protocol version|no protocols available/, version)
    }
  })
}

test('each namespace host has its own certificate by SNI; every other name, and none, gets the default one', async (t) => {
  const relay = await start(t)
  const nameOf = async (servername: string | undefined): Promise<string | undefined> => {
    const options = { checkServerIdentity: () => undefined, ...(servername !== undefined && { servername }) }
    const socket = await dial(relay, servername === undefined ? { ...options, servername: '' } : options)
    const { subjectaltname } = socket.getPeerCertificate()
    socket.destroy()
    return subjectaltname?.replace(/, IP Address.*/, '')
  }
  assert.equal(await nameOf('alpha.test'), 'DNS:alpha.test')
  assert.equal(await nameOf('ALPHA.test'), 'DNS:alpha.test')
  assert.equal(await nameOf('eu.beta.test'), 'DNS:*.beta.test')
  assert.equal(await nameOf('a.eu.beta.test'), 'DNS:localhost')
  assert.equal(await nameOf('unknown.test'), 'DNS:localhost')
  assert.equal(await nameOf(undefined), 'DNS:localhost')
  // What a client says in SNI opens nothing: the namespace is that of Host, and the token must be good for it.
  const socket = await dial(relay, { servername: 'alpha.test' })
  const token = signToken(relay.access('echo').send)
  socket.write(`GET /far HTTP/1.1\r\nHost: eu.beta.test\r\nAuthorization: ${token}\r\nConnection: close\r\n\r\n`)
  const chunks = await socket.toArray()
  assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1.1 401 /)
})

test('certificate files exchanged under load drop no connection: control channels, relayed ones, requests, new ones', async (t) => {
  const relay = await start(t)
  const tls = tlsFor(relay)
  const { listen, send } = relay.access('echo')
  const url = (action: string): string =>
    `wss://alpha.test:${relay.relay.server.dataPort}/$hc/echo?sb-hc-action=${action}`
  const listener = await ScriptedListener.open({ url: url('listen'), token: signToken(listen), tls })
  const headers = { ServiceBusAuthorization: signToken(send) }
  const pending = RawWebSocket.dial({ url: url('connect'), headers, tls })
  const rendezvous = await RawWebSocket.dial({ url: (await listener.nextAccept()).address, tls })
  const sender = await pending

  let isDone = false
  let requests = 0
  const seen = new Set<string>()
  const pingPong = async (): Promise<void> => {
    while (!isDone) {
      sender.binary(Buffer.alloc(20_000, 'x'))
      assert.equal((await rendezvous.frames.next()).payload.length, 20_000)
      rendezvous.text('back')
      assert.equal((await sender.frames.next()).payload.toString(), 'back')
    }
  }
  const answerRequests = async (): Promise<void> => {
    for (;;) {
      const { id } = await listener.nextRequest()
      listener.control.text(JSON.stringify({ response: { requestId: id, statusCode: 204 } }))
    }
  }
  const askForever = async (servername: string): Promise<void> => {
    while (!isDone) {
      const socket = await dial(relay, { servername, checkServerIdentity: () => undefined })
      seen.add(socket.getPeerCertificate().fingerprint256)
      socket.write(
        `GET /echo HTTP/1.1\r\nHost: alpha.test\r\nAuthorization: ${headers.ServiceBusAuthorization}\r\nConnection: close\r\n\r\n`,
      )
      const answer = Buffer.concat(await socket.toArray()).toString()
      assert.match(answer, /^HTTP\/1.1 204 /)
      requests += 1
    }
  }
  const load = [pingPong(), askForever('alpha.test'), askForever('alpha.test'), askForever('localhost')]
  void answerRequests().catch(() => {})
  const failed = Promise.all(load)
  for (let round = 0; round < 5; round++) {
    const wanted = [await issue('default', ['localhost', '127.0.0.1']), await issue('alpha', ['alpha.test'])]
    const deadline = Date.now() + 15_000
    while (!wanted.every((fingerprint) => seen.has(fingerprint))) {
      assert.ok(Date.now() < deadline, `the new certificates of round ${round} are not shown`)
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 20)), failed])
    }
  }
  isDone = true
  await failed
  assert.ok(requests > 20, `${requests} requests`)
  await issue('default', ['localhost', '127.0.0.1'])
  // A pair that does not fit changes nothing for anybody.
  await writeFile(join(folder, 'alpha.pem'), 'broken')
  const socket = await dial(relay, { servername: 'alpha.test', checkServerIdentity: () => undefined })
  assert.ok(socket.authorized)
  socket.destroy()
  await issue('alpha', ['alpha.test'])
  for (const end of [listener.control, sender, rendezvous]) end.abort()
})
