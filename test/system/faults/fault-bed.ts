import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SupervisedProgram } from '../../chaos/supervised-program.ts'
import { untilTunnelWorks } from '../../chaos/tunnel-probe.ts'
import { output } from '../run-program.ts'
import { NetworkYard, type PlaceOptions } from './network-yard.ts'

/** What `hcm show --output json` says, as far as it is needed here. */
export interface HcmStatus {
  readonly Status: string
  readonly Target: string
  readonly Problem?: {
    readonly Hop: string
    readonly Code: string
    readonly Message: string
    readonly WhatToDo: string
  }
  readonly LastError?: { readonly Message: string }
}

export interface FaultBedOptions {
  /** How the private site is joined to the relay. */
  readonly site?: PlaceOptions
  /** More environment variables of the HCM. */
  readonly hcmEnvironment?: Readonly<Record<string, string>>
}

/** Ways through the relay that a fault must not break for long: by the HCM, and by `postern bridge` at both ends. */
export type Way = 'hcm' | 'bridge'

const ports = { hcm: 7001, bridge: 7002 } as const
/** What the target says first, by port. */
const letters = { hcm: 'A', bridge: 'B' } as const

const firstTimeoutMs = 60_000

/**
 * A private site with an HCM, a bridge and a service, an application, and a relay between them, each in a network of its own. The
 * test stands outside: it breaks networks and programs, and comes in by Unix sockets of the application's side.
 */
export class FaultBed implements AsyncDisposable {
  readonly yard: NetworkYard
  readonly #folder: string
  readonly #programs = new Map<string, SupervisedProgram>()
  #keys = { primaryKey: keyOf('first'), secondaryKey: keyOf('second') }

  private constructor(yard: NetworkYard, folder: string) {
    this.yard = yard
    this.#folder = folder
  }

  /** Starts everything and waits until both ways work. */
  static async open(options: FaultBedOptions = {}): Promise<FaultBed> {
    const folder = await mkdtemp(join(tmpdir(), 'postern-faults-'))
    const yard = await NetworkYard.open({ site: options.site ?? {}, app: {} })
    const bed = new FaultBed(yard, folder)
    try {
      await bed.#start(options)
      await Promise.all([bed.untilWorks('hcm', firstTimeoutMs), bed.untilWorks('bridge', firstTimeoutMs)])
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
    return [this.hcm, this.#program('bridge at the site')]
  }

  /** Ends that nobody asked for. */
  get unexpectedEnds(): readonly string[] {
    return [...this.#programs.values()].flatMap(({ unexpectedEnds }) => unexpectedEnds)
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

  /** Runs `hcm WORDS` and reads its JSON. */
  async askHcm(...words: readonly string[]): Promise<unknown> {
    const args = [
      '--conditions=@postern/source',
      hcmProgram,
      ...words,
      '--output',
      'json',
      '--state-dir',
      this.#stateFolder,
    ]
    return JSON.parse(await output(process.execPath, args))
  }

  /** How the HCM says that it is doing. */
  async status(): Promise<HcmStatus> {
    return (await this.askHcm('show', 'db')) as HcmStatus
  }

  /** Waits until the HCM says what it should. */
  async untilStatus(isSo: (status: HcmStatus) => boolean, timeoutMs: number): Promise<HcmStatus> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const status = await this.status()
      if (isSo(status)) return status
      if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(status)}\n${this.hcm.said}`)
    }
  }

  /** Gives the rule of all hybrid connections other keys, or the first ones again. */
  async rotateKeys(generation: string): Promise<void> {
    this.#keys = { primaryKey: keyOf(generation), secondaryKey: keyOf(`${generation}-2`) }
    await this.#declare()
  }

  /** The connection string of a hybrid connection with the keys of now. */
  connectionString(name: string): string {
    const key = `SharedAccessKeyName=Root;SharedAccessKey=${this.#keys.primaryKey}`
    return `Endpoint=sb://relay.test:8443/;${key};EntityPath=${name}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs.values()].map((program) => program[Symbol.asyncDispose]()))
    await this.yard[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }

  get #stateFolder(): string {
    return join(this.#folder, 'hcm')
  }

  async #start({ hcmEnvironment = {} }: FaultBedOptions): Promise<void> {
    await this.#declare()
    const ready = JSON.parse(await this.#add('relay', 'relay', [postern, ...this.#relayWords]).start()) as {
      caFile: string
    }
    const trust = { NODE_EXTRA_CA_CERTS: ready.caFile }
    const configuration = join(this.#folder, 'bridge.yml')
    const forward = { RelayName: 'cache', BindLocalSocket: this.door('bridge'), PortName: String(ports.bridge) }
    await writeFile(configuration, JSON.stringify({ LocalForward: [forward] }))
    const access = (name: string): Record<string, string> => ({
      ...trust,
      POSTERN_CONNECTION_STRING: this.connectionString(name),
    })
    const far = ['bridge', '--json', '-T', `cache:127.0.0.1:${ports.bridge}`]
    this.#add('target', 'site', [echoTarget, String(ports.hcm), String(ports.bridge)])
    this.#add('hcm', 'site', [hcmProgram, 'run', '--json', '--state-dir', this.#stateFolder], {
      ...trust,
      ...hcmEnvironment,
    })
    this.#add('bridge at the site', 'site', [postern, ...far], access('cache'))
    this.#add('bridge at the application', 'app', [postern, 'bridge', '--json', '-f', configuration], access('cache'))
    this.#add('application', 'app', [appDoor, this.door('hcm')], access('db'))
    await Promise.all(this.lasting.map((program) => program.start()))
    await this.askHcm('add', this.connectionString('db'))
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
    const endpoint = JSON.stringify([{ key: 'endpoint', value: `127.0.0.1:${ports.hcm}` }])
    const rules = [{ name: 'Root', rights: ['Listen', 'Send', 'Manage'], ...this.#keys }]
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
    const isReady = (line: string): boolean =>
      name === 'relay' ? line.startsWith('{"data"') : /^(?:\{|ready)/.test(line)
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

/** Keys are base64 of 32 bytes. */
function keyOf(word: string): string {
  return Buffer.alloc(32, word).toString('base64')
}

function programFile(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

const postern = programFile('../../../packages/cli/src/main.ts')
const hcmProgram = programFile('../../../packages/hcm/src/main.ts')
const echoTarget = programFile('../../chaos/echo-target.ts')
const appDoor = programFile('./app-door.ts')
