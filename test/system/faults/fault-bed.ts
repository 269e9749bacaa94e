import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Finding } from '@postern/program'
import { ControlClient } from '../../../packages/hcm/src/control/control-client.ts'
import type { HybridConnectionStatus } from '../../../packages/hcm/src/service/status.ts'
import { SupervisedProgram } from '../../chaos/supervised-program.ts'
import { untilTunnelWorks } from '../../chaos/tunnel-probe.ts'
import { NetworkYard, type PlaceOptions } from './network-yard.ts'

export interface FaultBedOptions {
  /** How the private site is joined to the relay. */
  readonly site?: PlaceOptions
  /** More environment variables of the HCM. */
  readonly hcmEnvironment?: Readonly<Record<string, string>>
  /** Default: all. */
  readonly ways?: readonly Way[]
}

/**
 * Ways through the relay that a fault must not break for long: a relayed connection to the HCM, `postern bridge` at both ends, and
 * a service that a connector leads to the HCM.
 */
export type Way = 'hcm' | 'bridge' | 'connector'

export const ways: readonly Way[] = ['hcm', 'bridge', 'connector']

const ports = { hcm: 7001, bridge: 7002 } as const
/** What the target says first, by port. */
const letters = { hcm: 'A', bridge: 'B', connector: 'A' } as const

/** As programs of the application name it, and as the site knows it. */
const service = 'db.corp'

/** Words of which the first keys of the site's rule are made. */
export const firstKeys = { primary: 'first', secondary: 'second' } as const

const firstTimeoutMs = 120_000

/**
 * A private site with an HCM, a bridge and a service, an application with a connector, and a relay between them, each in a network
 * of its own. The test stands outside: it breaks networks and programs, and comes in by Unix sockets of the application's side.
 */
export class FaultBed implements AsyncDisposable {
  readonly yard: NetworkYard
  readonly ways: readonly Way[]
  readonly #folder: string
  readonly #programs = new Map<string, SupervisedProgram>()
  #trust: Readonly<Record<string, string>> = {}
  #keys = { primaryKey: keyOf(firstKeys.primary), secondaryKey: keyOf(firstKeys.secondary) }

  private constructor(yard: NetworkYard, folder: string, used: readonly Way[]) {
    this.yard = yard
    this.ways = used
    this.#folder = folder
  }

  /** Starts everything and waits until both ways work. */
  static async open(options: FaultBedOptions = {}): Promise<FaultBed> {
    const folder = await mkdtemp(join(tmpdir(), 'postern-faults-'))
    const yard = await NetworkYard.open({ site: { ...options.site, services: [service] }, app: {} })
    const bed = new FaultBed(yard, folder, options.ways ?? ways)
    try {
      await bed.#start(options)
      await Promise.all(bed.ways.map((way) => bed.untilWorks(way, firstTimeoutMs)))
      return bed
    } catch (error) {
      await bed[Symbol.asyncDispose]()
      throw error
    }
  }

  get relay(): SupervisedProgram {
    return this.#program('relay')
  }

  get hcm(): SupervisedProgram {
    return this.#program('hcm')
  }

  /** The programs that must never end: all but the relay. */
  get lasting(): readonly SupervisedProgram[] {
    return [...this.#programs.values()].filter((program) => program !== this.relay)
  }

  /** The programs that go to sleep with the machine of the private site. */
  get atSite(): readonly SupervisedProgram[] {
    return [this.hcm, ...(this.ways.includes('bridge') ? [this.#program('bridge at the site')] : [])]
  }

  /** Ends that nobody asked for. */
  get unexpectedEnds(): readonly string[] {
    return [...this.#programs.values()].flatMap(({ unexpectedEnds }) => unexpectedEnds)
  }

  /** The letter that the target says first. */
  letter(way: Way): string {
    return letters[way]
  }

  /** The Unix socket that leads an application through the relay. */
  door(way: Way): string {
    return join(this.#folder, `${way}.sock`)
  }

  /** Tries all the time; resolves with how long it took until a fresh connection had its answer, ms. */
  async untilWorks(way: Way, timeoutMs: number): Promise<number> {
    const doors = [letters[way]]
    const { firstMs } = await untilTunnelWorks({ port: this.door(way), doors, sinceMs: Date.now(), timeoutMs })
    return firstMs
  }

  /** Adds the hybrid connection of the ways to the HCM, or gives it another key. */
  async add(connectionString: string): Promise<void> {
    await this.#control.call('add', { connectionString, follow: false })
  }

  /** How the HCM says that it is doing. */
  status(): Promise<HybridConnectionStatus> {
    return this.#control.call('show', { name: 'db' })
  }

  /** What the HCM's doctor finds at one hop. */
  async findingAt(hop: string): Promise<Finding | undefined> {
    const [report] = await this.#control.call('doctor', { name: 'db', demandsTls: false })
    return report?.hops.find((each) => each.hop === hop)
  }

  /** Waits until the HCM says what it should. */
  async untilStatus(
    isSo: (status: HybridConnectionStatus) => boolean,
    timeoutMs: number,
  ): Promise<HybridConnectionStatus> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const status = await this.status()
      if (isSo(status)) return status
      await wait(100)
      if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(status)}\n${this.hcm.said}`)
    }
  }

  /** Gives the rule of the site other keys. */
  async giveKeys(primary: string, secondary: string): Promise<void> {
    this.#keys = { primaryKey: keyOf(primary), secondaryKey: keyOf(secondary) }
    await this.#declare()
  }

  /** A connection string of the site with this key, whether or not the relay knows it. */
  siteAccess(name: string, key: string = firstKeys.primary): string {
    return `Endpoint=sb://relay.test:8443/;SharedAccessKeyName=Site;SharedAccessKey=${keyOf(key)};EntityPath=${name}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program[Symbol.asyncDispose]()))
    await this.yard[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }

  get #control(): ControlClient {
    return new ControlClient(join(this.#stateFolder, 'control.sock'))
  }

  get #stateFolder(): string {
    return join(this.#folder, 'hcm')
  }

  async #start({ hcmEnvironment = {} }: FaultBedOptions): Promise<void> {
    await this.#declare()
    const ready = JSON.parse(await this.#add('relay', 'relay', [postern, ...this.#relayWords]).start()) as {
      caFile: string
    }
    this.#trust = { NODE_EXTRA_CA_CERTS: ready.caFile }
    this.#add('target', 'site', [echoTarget, String(ports.hcm), String(ports.bridge)])
    const hcm = [hcmProgram, 'run', '--json', '--state-dir', this.#stateFolder]
    this.#add('hcm', 'site', hcm, { ...this.#trust, ...hcmEnvironment })
    if (this.ways.includes('bridge')) await this.#addBridges()
    const tcpDoor = this.ways.includes('connector') ? await this.#startConnector() : []
    this.#add('application', 'app', [appDoor, this.door('hcm'), ...tcpDoor], this.#access(appAccess('db')))
    await Promise.all(this.lasting.filter(({ startedAtMs }) => startedAtMs === 0).map((program) => program.start()))
    await this.add(this.siteAccess('db'))
  }

  async #addBridges(): Promise<void> {
    const configuration = join(this.#folder, 'bridge.yml')
    const forward = { RelayName: 'cache', BindLocalSocket: this.door('bridge'), PortName: String(ports.bridge) }
    await writeFile(configuration, JSON.stringify({ LocalForward: [forward] }))
    const far = ['bridge', '--json', '-T', `cache:127.0.0.1:${ports.bridge}`]
    const near = ['bridge', '--json', '-f', configuration]
    this.#add('bridge at the site', 'site', [postern, ...far], this.#access(this.siteAccess('cache')))
    this.#add('bridge at the application', 'app', [postern, ...near], this.#access(appAccess('cache')))
  }

  /** Resolves with what the application's door needs to lead to the service: it has an address there. */
  async #startConnector(): Promise<readonly string[]> {
    const words = ['connector', '--json', '--state-dir', join(this.#folder, 'connector')]
    const POSTERN_CONNECTION_STRINGS = `${service}:${ports.hcm}=${appAccess('db')}`
    const environment = { ...this.#trust, POSTERN_CONNECTION_STRINGS }
    const ready = await this.#add('connector', 'app', [postern, ...words], environment).start()
    const [, host = '', port = ''] = /"address":"(127[.\d]+):(\d+)"/.exec(ready) ?? []
    return [this.door('connector'), host, port]
  }

  #access(connectionString: string): Readonly<Record<string, string>> {
    return { ...this.#trust, POSTERN_CONNECTION_STRING: connectionString }
  }

  get #relayWords(): readonly string[] {
    const options = {
      '--bind': '0.0.0.0',
      '--data-port': '8443',
      '--management-port': '8444',
      '--public-host': 'relay.test',
      '--data': join(this.#folder, 'data'),
      '--resources': this.#resources,
      '--drain-timeout': '1s',
      '--log-format': 'json',
    }
    return ['up', '--json', ...Object.entries(options).flat()]
  }

  get #resources(): string {
    return join(this.#folder, 'resources.yaml')
  }

  async #declare(): Promise<void> {
    const endpoint = JSON.stringify([{ key: 'endpoint', value: `${service}:${ports.hcm}` }])
    const rules = [
      { name: 'Site', rights: ['Listen'], ...this.#keys },
      { name: 'App', rights: ['Send'], primaryKey: appKey, secondaryKey: keyOf('app-2') },
    ]
    const hybridConnections = [{ name: 'db', userMetadata: endpoint }, { name: 'cache' }]
    // JSON is YAML.
    const text = JSON.stringify({ namespaces: [{ name: 'local', default: true, rules, hybridConnections }] })
    await writeFile(this.#resources, text)
  }

  #add(
    name: string,
    place: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): SupervisedProgram {
    const isReady = (line: string): boolean => (firstLine[name] ?? /^(?:\{|ready)/).test(line)
    const program = new SupervisedProgram({ name, args, environment, isReady, enter: this.yard.enter(place) })
    this.#programs.set(name, program)
    return program
  }

  #program(name: string): SupervisedProgram {
    const program = this.#programs.get(name)
    if (!program) throw new Error(`no program ${name}`)
    return program
  }
}

/** By which line these say that they are up; others do by any. */
const firstLine: Readonly<Record<string, RegExp>> = { relay: /^\{"data"/, connector: /^\{"endpoints"/ }

/** Keys are base64 of 32 bytes. */
function keyOf(word: string): string {
  return Buffer.alloc(32, word).toString('base64')
}

/** A connection string of the application; its key stays. */
function appAccess(name: string): string {
  return `Endpoint=sb://relay.test:8443/;SharedAccessKeyName=App;SharedAccessKey=${appKey};EntityPath=${name}`
}

function programFile(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

const appKey = keyOf('app')

const postern = programFile('../../../packages/cli/src/main.ts')
const hcmProgram = programFile('../../../packages/hcm/src/main.ts')
const echoTarget = programFile('../../chaos/echo-target.ts')
const appDoor = programFile('./app-door.ts')
