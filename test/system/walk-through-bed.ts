import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ControlClient } from '../../packages/hcm/src/control/control-client.ts'
import type { HybridConnectionStatus as HcmView } from '../../packages/hcm/src/service/status.ts'
import { SupervisedProgram } from '../chaos/supervised-program.ts'
import { NetworkYard } from './faults/network-yard.ts'
import { findPostgresPrograms, PostgresServer } from './postgres-server.ts'
import { withFile } from './private-site.ts'
import { runProgram } from './run-program.ts'

/** One of the two Hybrid Connection Managers of the site. */
export type HcmName = 'first' | 'second'
export type { HcmView }
/** One of the two apps. */
export type AppName = 'shop' | 'desk'

/** Only the private site knows the address. */
const database = { name: 'db.corp', address: '127.10.0.1', port: 5432 } as const
const nobodyThere = '127.10.0.99'
const managementDoor = 'https://relay.test:8444'

/** Commands are processes of their own, and the machine may have a lot to do. */
const commandTimeoutMs = 60_000

/**
 * A relay, a private site with PostgreSQL and two Hybrid Connection Managers, two apps and the office of an administrator, each in a
 * network of its own, all joined to the relay's only. Everything is done by the commands that people type.
 */
export class WalkThroughBed implements AsyncDisposable {
  readonly #yard: NetworkYard
  readonly #folder: string
  readonly #programs = new Map<string, SupervisedProgram>()
  #postgres: PostgresServer | undefined

  private constructor(yard: NetworkYard, folder: string) {
    this.#yard = yard
    this.#folder = folder
  }

  /** Starts relay and database, and signs the administrator in. */
  static async open(): Promise<WalkThroughBed> {
    const folder = await mkdtemp(join(tmpdir(), 'postern-walk-'))
    const yard = await NetworkYard.open({ site: {}, shop: {}, desk: {}, office: {} })
    const bed = new WalkThroughBed(yard, folder)
    try {
      await yard.resolve({ 'relay.test': 'relay', 'contoso.relay.test': 'relay' })
      await Promise.all([bed.#startRelay().then(() => bed.#signIn()), bed.#startDatabase()])
      return bed
    } catch (error) {
      await bed[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Runs `postern WORDS` in the office and reads its JSON. */
  async postern<Answer = unknown>(words: string): Promise<Answer> {
    return read(await this.#run('office', [postern, ...words.split(' '), '--output', 'json'])) as Answer
  }

  /** Runs `hcm WORDS` at the private site beside one of its HCMs, and reads its JSON, also when it says that something is wrong. */
  async hcm(name: HcmName, ...words: readonly string[]): Promise<HcmView> {
    const state = ['--state-dir', this.#path(name), '--output', 'json']
    return read(await this.#run('site', [hcmProgram, ...words, ...state], { mayFail: true })) as HcmView
  }

  /** What `hcm test db` prints, without the time that a command takes to begin. */
  testHcm(name: HcmName): Promise<HcmView> {
    return new ControlClient(join(this.#path(name), 'control.sock')).call('test', { name: 'db' })
  }

  /** Starts an HCM, as a service manager does. */
  async startHcm(name: HcmName): Promise<void> {
    const found = this.#programs.get(name)
    if (found) {
      await found.start()
      return
    }
    const hosts = this.#path(`${name}.hosts`)
    await this.leadDatabase(name, true)
    const args = ['run', '--json', '--state-dir', this.#path(name), '--tls-ca', this.#caFile]
    await this.#start(name, 'site', [hcmProgram, ...args], {
      wrapper: withFile(hosts, '/etc/hosts'),
      isReady: (line) => line.includes('hcm.started'),
    })
  }

  /** SIGKILL. */
  async killHcm(name: HcmName): Promise<void> {
    await this.#programs.get(name)?.kill()
  }

  /** Whether an HCM finds the database by its name, or nobody at the address that its resolver gives. */
  async leadDatabase(name: HcmName, isRight: boolean): Promise<void> {
    const known = await readFile(join('/etc/netns', this.#yard.enter('site').at(-1) ?? '', 'hosts'), 'utf8')
    const line = `${isRight ? database.address : nobodyThere} ${database.name}\n`
    // Written in place: it is mounted.
    await writeFile(this.#path(`${name}.hosts`), known + line)
  }

  /**
   * Runs the connector of an app around a program, in app mode; what comes before a command that is to run beside that program.
   *
   * @param credential what `postern webapp identity credential create` printed
   */
  async startApp(name: AppName, credential: unknown, options: readonly string[] = []): Promise<readonly string[]> {
    const file = this.#path(`${name}.json`)
    await writeFile(file, JSON.stringify(credential))
    const settings = ['--app', file, '--tls-ca', this.#caFile, '--state-dir', this.#path(`${name}-connector`)]
    const application = ['--', 'sh', '-c', 'echo "pid $$"; exec sleep 600']
    const line = await this.#start(name, name, [postern, 'connector', 'run', ...settings, ...options, ...application], {
      isReady: (said) => said.startsWith('pid '),
    })
    return ['nsenter', '--target', line.slice('pid '.length), '--mount', '--net', '--']
  }

  /** What programs have said that nobody wants to see: warnings of connectors, and ends that nobody asked for. */
  get complaints(): readonly string[] {
    return [...this.#programs.values()].flatMap(({ unexpectedEnds }) => unexpectedEnds)
  }

  /** The last that a program said. */
  said(name: HcmName | AppName | 'relay'): string {
    return this.#programs.get(name)?.said ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program[Symbol.asyncDispose]()))
    await this.#postgres?.[Symbol.asyncDispose]()
    await this.#yard[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }

  get #caFile(): string {
    return this.#path('data/certificates/development-ca.pem')
  }

  async #startRelay(): Promise<void> {
    const doors = ['--bind', '0.0.0.0', '--data-port', '8443', '--management-port', '8444']
    const names = ['--public-host', 'relay.test', '--base-domain', 'relay.test']
    await this.#start('relay', 'relay', [postern, 'server', '--data', this.#path('data'), ...doors, ...names], {
      isReady: (line) => line.includes('"relay.ready"'),
    })
  }

  async #startDatabase(): Promise<void> {
    const place = { ...database, enter: this.#yard.enter('site') }
    this.#postgres = await PostgresServer.start(findPostgresPrograms() ?? '', place)
  }

  async #signIn(): Promise<void> {
    const admin = read(await readFile(this.#path('data/bootstrap-admin.json'), 'utf8')) as Readonly<
      Record<'clientId' | 'clientSecret', string>
    >
    const secretFile = this.#path('secret')
    await writeFile(secretFile, admin.clientSecret)
    const who = ['--service-principal', '-u', admin.clientId, '-p', `@${secretFile}`]
    await this.#run('office', [postern, 'login', ...who, '--endpoint', managementDoor, '--ca', this.#caFile])
  }

  async #start(
    name: string,
    place: string,
    args: readonly string[],
    how: { readonly wrapper?: readonly string[]; readonly isReady: (line: string) => boolean },
  ): Promise<string> {
    const { wrapper = [], isReady } = how
    const enter = [...this.#yard.enter(place), ...wrapper]
    const program = new SupervisedProgram({ name, args, isReady, enter })
    this.#programs.set(name, program)
    return program.start()
  }

  async #run(place: string, args: readonly string[], { mayFail = false } = {}): Promise<string> {
    const node = [process.execPath, '--conditions=@postern/source']
    const [command = '', ...words] = [...this.#yard.enter(place), ...node, ...args]
    const env = { POSTERN_CONFIG_DIR: this.#path('account') }
    const { code, stdout, stderr } = await runProgram(command, words, { env, timeoutMs: commandTimeoutMs })
    const said = stdout.toString()
    if (code === 0 || (mayFail && said !== '')) return said
    throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}${said}`)
  }
}

/** Runs a command that may fail; what it printed. */
export async function tryProgram([command = '', ...args]: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram(command, args)
  return code === 0 ? stdout.toString().trimEnd() : `${code}: ${stderr}`
}

function read(text: string): unknown {
  return text.trim() === '' ? undefined : JSON.parse(text)
}

const programFile = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const postern = programFile('../../packages/cli/src/main.ts')
const hcmProgram = programFile('../../packages/hcm/src/main.ts')
