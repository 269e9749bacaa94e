// A private site for the connector's tests, in namespaces of the test's own, where ports below 1024, the hosts file and
// addresses of the loopback interface are free to be used.
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { ControlClient } from '../../packages/hcm/src/control/control-client.ts'
import { ObservedProgram } from './observed-program.ts'
import { findPostgresPrograms, PostgresServer } from './postgres-server.ts'
import { RelayProcess } from './relay-process.ts'
import { output, type RunningProgram, startProgram } from './run-program.ts'

/** What a private site may offer: name and port that programs open, and its address at the site. */
const services = {
  db: { host: 'db.corp', port: 5432, address: '127.10.0.1' },
  // Two services on one port number.
  cache: { host: 'cache.corp', port: 8080, address: '127.10.0.2' },
  web: { host: 'web.corp', port: 8080, address: '127.10.0.3' },
  secure: { host: 'secure.corp', port: 8443, address: '127.10.0.4' },
  ssh: { host: 'ssh.corp', port: 2222, address: '127.10.0.5' },
  // Below 1024, and a host without a name: for networks of their own.
  ssh22: { host: 'ssh.corp', port: 22, address: '127.10.0.5' },
  literal: { host: '10.20.30.40', port: 80, address: '10.20.30.40' },
} as const

/** Name of the hybrid connection of a service. */
export type ServiceName = keyof typeof services

/** PostgreSQL, Redis, web servers and an SSH server that only a Hybrid Connection Manager reaches by their names. */
export class PrivateSite implements AsyncDisposable {
  readonly folder: string
  /** The relay's certificate authority. */
  readonly relayCaFile: string
  /** The authority of `secure.corp`. */
  readonly siteCaFile: string
  /** Opens an SSH session as the user that runs the site. */
  readonly sshKeyFile: string
  readonly sshUser: string = userInfo().username
  readonly #relay: RelayProcess
  readonly #parts: AsyncDisposableStack

  private constructor(folder: string, relay: RelayProcess, parts: AsyncDisposableStack) {
    this.folder = folder
    this.#relay = relay
    this.#parts = parts
    this.relayCaFile = join(folder, 'relay.pem')
    // The relay's own folder is closed to others.
    writeFileSync(this.relayCaFile, relay.caPem)
    this.siteCaFile = join(folder, 'site.pem')
    this.sshKeyFile = join(folder, 'user-key')
  }

  static async start(): Promise<PrivateSite> {
    await using parts = new AsyncDisposableStack()
    const folder = mkdtempSync(join(tmpdir(), 'postern-site-'))
    parts.defer(() => rmSync(folder, { recursive: true, force: true }))
    // What is needed by programs of other users has a mode of its own.
    chmodSync(folder, 0o755)
    await output('ip', ['address', 'add', `${services.literal.address}/32`, 'dev', 'lo'])
    const relay = RelayProcess.start(
      Object.entries(services).map(([name, { host, port }]) => ({ name, endpoint: `${host}:${port}` })),
    )
    const started = await Promise.all([
      relay,
      PostgresServer.start(findPostgresPrograms() ?? '', services.db),
      startRedis(folder),
      startSsh(folder),
      startWeb(services.web),
      startWeb(services.literal),
      startSecure(folder),
    ])
    for (const part of started) parts.use(part)
    const site = new PrivateSite(folder, await relay, parts.move())
    await site.#startHcm()
    return site
  }

  /** `host:port` by which programs open a service. */
  endpoint(name: ServiceName): string {
    return `${services[name].host}:${services[name].port}`
  }

  /** Connection string with Send of the hybrid connection of a service. */
  send(name: ServiceName): string {
    return this.#relay.access(name).send
  }

  /** How many connections went through the relay. */
  async relayedConnections(): Promise<number> {
    return this.#relay.metric('postern_sender_connections_success_total')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync()
  }

  /** It alone has the names in its hosts file. */
  async #startHcm(): Promise<void> {
    const hosts = join(this.folder, 'site-hosts')
    const lines = Object.values(services).map(({ host, address }) => `${address} ${host}`)
    writeFileSync(hosts, `127.0.0.1 localhost\n${lines.join('\n')}\n`)
    const stateFolder = join(this.folder, 'hcm')
    const hcm = await ObservedProgram.start(
      ['hcm', 'run', '--state-dir', stateFolder, '--tls-ca', this.relayCaFile, '--json'],
      {},
      withFile(hosts, '/etc/hosts'),
    )
    this.#parts.use(hcm)
    await hcm.untilLogs('hcm.started')
    const control = new ControlClient(join(stateFolder, 'control.sock'))
    const connectionStrings = Object.keys(services).map((name) => this.#relay.access(name).listen)
    const params = connectionStrings.map((connectionString) => ({ connectionString, follow: false }))
    await Promise.all(params.map((one) => control.call('add', one)))
  }
}

/** Words that run the command behind them where `file` is mounted over `place`. */
export function withFile(file: string, place: string): readonly string[] {
  return ['unshare', '--mount', 'sh', '-c', `mount --bind "$0" ${place} && exec "$@"`, file]
}

/** Ends a program when it is disposed. */
function programPart(program: RunningProgram): AsyncDisposable {
  const closed = once(program, 'close')
  program.stdout.resume()
  program.stderr.resume()
  return {
    async [Symbol.asyncDispose]() {
      program.kill('SIGTERM')
      await closed
    },
  }
}

async function startRedis(folder: string): Promise<AsyncDisposable> {
  const { address, port } = services.cache
  const settings = ['--bind', address, '--port', String(port), '--save', '', '--dir', folder]
  const redis = startProgram('redis-server', settings, { timeoutMs: 600_000 })
  await saying(redis, /Ready to accept connections/)
  return programPart(redis)
}

/** Debian keeps it in /usr/sbin, and it wants to be called by its whole path. */
async function startSsh(folder: string): Promise<AsyncDisposable> {
  const [hostKey, userKey] = [join(folder, 'host-key'), join(folder, 'user-key')]
  for (const file of [hostKey, userKey]) await output('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
  writeFileSync(join(folder, 'authorized'), readFileSync(`${userKey}.pub`))
  // Where the server puts its part without rights; the package makes it at the start of the service only.
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const { address, port } = services.ssh
  const settings = {
    ListenAddress: `${address}:${port}`,
    HostKey: hostKey,
    AuthorizedKeysFile: join(folder, 'authorized'),
    PidFile: 'none',
    StrictModes: 'no',
    UsePAM: 'no',
    PermitRootLogin: 'prohibit-password',
    PasswordAuthentication: 'no',
  }
  const options = Object.entries(settings).map(([name, value]) => `-o${name}=${value}`)
  const second = `-oListenAddress=${services.ssh22.address}:${services.ssh22.port}`
  const ssh = startProgram('/usr/sbin/sshd', ['-D', '-e', '-f', '/dev/null', ...options, second], {
    timeoutMs: 600_000,
  })
  await saying(ssh, /Server listening on[^]*Server listening on/)
  return programPart(ssh)
}

async function startWeb(place: { readonly address: string; readonly port: number }): Promise<AsyncDisposable> {
  const server = createServer((request, response) => response.end(`${request.headers.host} says ${request.url}`))
  return listenAt(server, place)
}

async function startSecure(folder: string): Promise<AsyncDisposable> {
  const key = join(folder, 'site.key')
  const subject = ['-subj', '/CN=secure.corp', '-addext', 'subjectAltName=DNS:secure.corp']
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  await output('openssl', ['req', '-x509', ...made, ...subject, '-keyout', key, '-out', join(folder, 'site.pem')])
  const identity = { key: readFileSync(key), cert: readFileSync(join(folder, 'site.pem')) }
  const server = createTlsServer(identity, (socket: TLSSocket) => socket.end('secured by its own certificate'))
  return listenAt(server as unknown as Server, services.secure)
}

async function listenAt(
  server: Server,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<AsyncDisposable> {
  server.listen(port, address)
  await once(server, 'listening')
  return {
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections?.()
    },
  }
}

/** Waits until a program has said something on either of its outputs. */
function saying(program: RunningProgram, wanted: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    for (const stream of [program.stdout, program.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        if (wanted.test(said)) resolve()
      })
    }
    program.once('close', () => reject(new Error(`it ended: ${said}`)))
  })
}
