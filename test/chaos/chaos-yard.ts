import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findFixedPorts } from './fixed-ports.ts'
import { readRelayMetrics } from './relay-metrics.ts'
import { SupervisedProgram } from './supervised-program.ts'
import { type TunnelRecovery, untilTunnelWorks } from './tunnel-probe.ts'

/** What `postern up --json` says, as far as it is needed here. */
export interface RelayReadyLine {
  readonly management: string
  readonly caFile: string
  readonly hybridConnections: readonly {
    readonly name: string
    readonly listen: string | null
    readonly send: string | null
  }[]
}

export interface ChaosYardOptions {
  /** More flags of the relay. */
  readonly relayFlags?: readonly string[]
  /** Between two PINGs of the forwarders, ms. Default: what `postern bridge` does. */
  readonly forwarderPingMs?: number
  readonly onTargetMessage?: (message: unknown) => void
  /** Default `off`: every connection has its own relayed connection, and goes to either listener. */
  readonly carriers?: 'auto' | 'off'
}

/** The hybrid connection of the tunnel. */
const tunnelName = 'db'

/** The two listeners, by what the target says to those who come through them. */
export const doors = ['A', 'B'] as const

const firstTimeoutMs = 60_000

/** How long streams wait for somebody who was killed: longer than any of them is away. */
export const resumeTimeoutMs = 20_000

/**
 * A relay (SQLite, fixed ports), two remote forwarders, a local forwarder and a TCP service, each a process of its own
 * that can be killed and comes back as it was.
 */
export class ChaosYard implements AsyncDisposable {
  readonly relay: SupervisedProgram
  readonly target: SupervisedProgram
  readonly listeners: readonly [SupervisedProgram, SupervisedProgram]
  readonly sender: SupervisedProgram
  /** Port of this machine that leads through the tunnel. */
  readonly port: number
  readonly dataFolder: string
  /** From a forwarder's start to the moment at which its own work begins, ms: what Node needs to load it. */
  readonly forwarderBootMs: number
  /** What the relay said at its first start. */
  readonly ready: RelayReadyLine
  readonly caPem: string
  readonly carriers: 'auto' | 'off'
  readonly #folder: string
  readonly #resourcesFile: string

  private constructor(built: BuiltYard) {
    this.relay = built.relay
    this.target = built.target
    this.listeners = built.listeners
    this.sender = built.sender
    this.port = built.port
    this.ready = built.ready
    this.caPem = built.caPem
    this.carriers = built.carriers
    this.forwarderBootMs = built.sender.readyAtMs - built.sender.startedAtMs
    this.#folder = built.folder
    this.dataFolder = join(built.folder, 'data')
    this.#resourcesFile = join(built.folder, 'resources.yaml')
  }

  /** Starts everything and waits until the tunnel works by both listeners. */
  static async start(options: ChaosYardOptions = {}): Promise<ChaosYard> {
    const folder = await mkdtemp(join(tmpdir(), 'postern-chaos-'))
    const started: SupervisedProgram[] = []
    try {
      const yard = new ChaosYard(await build(folder, options, started))
      await yard.untilWorks(Date.now(), firstTimeoutMs)
      return yard
    } catch (error) {
      await Promise.all(started.map((program) => program[Symbol.asyncDispose]()))
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Fresh connections come through: by both listeners, or by the one at which the sender's carriers end. */
  untilWorks(sinceMs: number, timeoutMs: number): Promise<TunnelRecovery> {
    const isOneEnough = this.carriers === 'auto'
    return untilTunnelWorks({ port: this.port, doors, isOneEnough, sinceMs, timeoutMs })
  }

  get programs(): readonly SupervisedProgram[] {
    return [this.relay, this.target, ...this.listeners, this.sender]
  }

  /** Ends that nobody asked for. */
  get unexpectedEnds(): readonly string[] {
    return this.programs.flatMap(({ unexpectedEnds }) => unexpectedEnds)
  }

  /** Declares further hybrid connections beside the one of the tunnel; a running relay writes them into its database. */
  async declare(more: readonly string[]): Promise<void> {
    await declareResources(this.#resourcesFile, [tunnelName, ...more])
  }

  /** The relay's metrics by name. */
  metrics(): Promise<ReadonlyMap<string, number>> {
    return readRelayMetrics({ management: this.ready.management, caPem: this.caPem })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.programs.map((program) => program[Symbol.asyncDispose]()))
    await rm(this.#folder, { recursive: true, force: true })
  }
}

interface BuiltYard
  extends Pick<ChaosYard, 'relay' | 'target' | 'listeners' | 'sender' | 'port' | 'ready' | 'caPem' | 'carriers'> {
  readonly folder: string
}

async function build(folder: string, options: ChaosYardOptions, started: SupervisedProgram[]): Promise<BuiltYard> {
  const { carriers = 'off', forwarderPingMs: pingMs } = options
  const [data = 0, management = 0, port = 0, ...targetPorts] = await findFixedPorts(5)
  const resources = join(folder, 'resources.yaml')
  await declareResources(resources, [tunnelName])
  const relay = relayProgram({ folder, resources, dataPort: data, managementPort: management }, options.relayFlags)
  started.push(relay)
  const ready = JSON.parse(await relay.start()) as RelayReadyLine
  const { caFile, hybridConnections } = ready
  const access = hybridConnections.find(({ name }) => name === tunnelName)
  const forwarder = (name: string, connectionString: string | null | undefined, ...args: string[]): SupervisedProgram =>
    forwarderProgram({
      name,
      args: pingMs === undefined ? ['--carriers', carriers, '--resume-timeout', `${resumeTimeoutMs}ms`, ...args] : args,
      caFile,
      connectionString: connectionString ?? '',
      pingMs,
    })
  const listener = (index: number): SupervisedProgram =>
    forwarder(`listener ${doors[index]}`, access?.listen, '-T', `${tunnelName}:127.0.0.1:${targetPorts[index]}`)
  const listeners = [listener(0), listener(1)] as const
  const sender = forwarder('sender', access?.send, '-L', `127.0.0.1:${port}:${tunnelName}`)
  const target = new SupervisedProgram({
    name: 'target',
    args: [programFile('./echo-target.ts'), ...targetPorts.map(String)],
    ...(options.onTargetMessage && { onMessage: options.onTargetMessage }),
  })
  started.push(...listeners, sender, target)
  await Promise.all([target, sender, ...listeners].map((program) => program.start()))
  const caPem = await readFile(caFile, 'utf8')
  return { relay, target, listeners, sender, port, ready, caPem, carriers, folder }
}

/** Where a relay keeps its things and is found. */
export interface RelayPlace {
  /** Its data goes into `data` below this. */
  readonly folder: string
  readonly resources: string
  readonly dataPort: number
  readonly managementPort: number
}

/** `postern up`; its ready line is {@link RelayReadyLine}. */
export function relayProgram(place: RelayPlace, flags: readonly string[] = []): SupervisedProgram {
  const { folder, resources, dataPort, managementPort } = place
  const options = {
    '--bind': '127.0.0.1',
    '--data-port': String(dataPort),
    '--management-port': String(managementPort),
    '--data': join(folder, 'data'),
    '--resources': resources,
    '--drain-timeout': '1s',
    '--log-format': 'json',
  }
  return new SupervisedProgram({
    name: 'relay',
    args: [postern, 'up', '--json', ...Object.entries(options).flat(), ...flags],
    isReady: (line) => line.startsWith('{"data"'),
  })
}

function forwarderProgram(plan: {
  readonly name: string
  readonly args: readonly string[]
  readonly connectionString: string
  readonly caFile: string
  readonly pingMs: number | undefined
}): SupervisedProgram {
  const { name, args, connectionString, caFile, pingMs } = plan
  return new SupervisedProgram({
    name,
    args: pingMs === undefined ? [postern, 'bridge', '--json', ...args] : [quickForwarder, String(pingMs), ...args],
    environment: { POSTERN_CONNECTION_STRING: connectionString, NODE_EXTRA_CA_CERTS: caFile },
    isReady: (line) => line.startsWith('{'),
  })
}

/** Replaced as a whole, as editors do: nobody reads half of it. */
async function declareResources(file: string, names: readonly string[]): Promise<void> {
  const rules = [{ name: 'RootManageSharedAccessKey', rights: ['Listen', 'Send', 'Manage'] }]
  const hybridConnections = names.map((name) => ({ name }))
  const declaration = { namespaces: [{ name: 'local', default: true, rules, hybridConnections }] }
  // JSON is YAML.
  await writeFile(`${file}.new`, JSON.stringify(declaration))
  await rename(`${file}.new`, file)
}

function programFile(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

const postern = programFile('../../packages/cli/src/main.ts')
const quickForwarder = programFile('./quick-forwarder.ts')
