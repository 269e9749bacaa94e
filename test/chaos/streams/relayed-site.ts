import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ControlClient } from '../../../packages/hcm/src/control/control-client.ts'
import { peakResidentBytes } from '../../system/process-facts.ts'
import { type RelayReadyLine, relayProgram } from '../chaos-yard.ts'
import { findFixedPorts } from '../fixed-ports.ts'
import { type MetricsAddress, readRelayMetrics } from '../relay-metrics.ts'
import { SupervisedProgram } from '../supervised-program.ts'

/** What `postern connector --json` says when it is ready, as far as it is needed here. */
interface ConnectorReadyLine {
  readonly endpoints: readonly { readonly hybridConnection: string; readonly address?: string }[]
}

/**
 * A connector, a relay with TLS and a Hybrid Connection Manager, each a process of its own, between programs and services of this
 * machine. All three can be killed and started again as they were.
 */
export class RelayedSite implements AsyncDisposable {
  readonly relay: SupervisedProgram
  readonly hcm: SupervisedProgram
  readonly connector: SupervisedProgram
  readonly #folder: string
  readonly #metrics: MetricsAddress
  #facts: ConnectorReadyLine = { endpoints: [] }

  private constructor(
    folder: string,
    metrics: MetricsAddress,
    programs: Pick<RelayedSite, 'relay' | 'hcm' | 'connector'>,
  ) {
    this.#folder = folder
    this.#metrics = metrics
    this.relay = programs.relay
    this.hcm = programs.hcm
    this.connector = programs.connector
  }

  /** Starts everything. @param ports of the services on this machine, by the name of the hybrid connection that leads there */
  static async start(ports: Readonly<Record<string, number>>): Promise<RelayedSite> {
    const folder = await mkdtemp(join(tmpdir(), 'postern-streams-'))
    const resources = join(folder, 'resources.yaml')
    await writeFile(resources, declarationOf(ports))
    const [dataPort = 0, managementPort = 0] = await findFixedPorts(2)
    const relay = relayProgram({ folder, resources, dataPort, managementPort })
    try {
      const ready = JSON.parse(await relay.start()) as RelayReadyLine
      const metrics = { management: ready.management, caPem: await readFile(ready.caFile, 'utf8') }
      const site = new RelayedSite(folder, metrics, { relay, ...agentsOf(folder, ready, ports) })
      await site.#startAgents(ready)
      return site
    } catch (error) {
      await relay[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Where the connector leads programs that use a hybrid connection. */
  addressOf(name: string): { readonly host: string; readonly port: number } {
    const { address = '' } = this.#facts.endpoints.find(({ hybridConnection }) => hybridConnection === name) ?? {}
    const [host = '', port] = address.split(':')
    return { host, port: Number(port) }
  }

  /** How many relayed connections the relay has joined since its last start: each is a carrier. */
  async carriersDialed(): Promise<number> {
    return (await readRelayMetrics(this.#metrics)).get('postern_sender_connections_success_total') ?? 0
  }

  /** Ends that nobody asked for. */
  get unexpectedEnds(): readonly string[] {
    return this.#programs.flatMap(({ unexpectedEnds }) => unexpectedEnds)
  }

  /** The most memory that each process had since its last start, MiB. */
  get peakMib(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.#programs.map(({ name, pid }) => [name, Math.round(peakResidentBytes(pid) / 1_048_576)]),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program[Symbol.asyncDispose]()))
    await rm(this.#folder, { recursive: true, force: true })
  }

  get #programs(): readonly SupervisedProgram[] {
    return [this.relay, this.hcm, this.connector]
  }

  async #startAgents({ hybridConnections }: RelayReadyLine): Promise<void> {
    try {
      await this.hcm.start()
      const control = new ControlClient(join(this.#folder, 'hcm', 'control.sock'))
      for (const { listen } of hybridConnections) {
        await control.call('add', { connectionString: listen ?? '', follow: false })
      }
      this.#facts = JSON.parse(await this.connector.start()) as ConnectorReadyLine
    } catch (error) {
      await this[Symbol.asyncDispose]()
      throw error
    }
  }
}

function declarationOf(ports: Readonly<Record<string, number>>): string {
  const rules = [{ name: 'RootManageSharedAccessKey', rights: ['Listen', 'Send', 'Manage'] }]
  const hybridConnections = Object.entries(ports).map(([name, port]) => ({ name, endpoint: endpointOf(port) }))
  // JSON is YAML.
  return JSON.stringify({ namespaces: [{ name: 'local', default: true, rules, hybridConnections }] })
}

function endpointOf(port: number): string {
  return `127.0.0.1:${port}`
}

function agentsOf(
  folder: string,
  { caFile, hybridConnections }: RelayReadyLine,
  ports: Readonly<Record<string, number>>,
): Pick<RelayedSite, 'hcm' | 'connector'> {
  const environment = { NODE_EXTRA_CA_CERTS: caFile }
  const endpoints = hybridConnections.flatMap(({ name, send }) => ['-x', `${endpointOf(ports[name] ?? 0)}=${send}`])
  const hcm = new SupervisedProgram({
    name: 'hcm',
    args: [postern, 'hcm', 'run', '--json', '--state-dir', join(folder, 'hcm')],
    environment,
    isReady: (line) => line.includes('hcm.started'),
  })
  const connector = new SupervisedProgram({
    name: 'connector',
    args: [postern, 'connector', '--json', '--state-dir', join(folder, 'connector'), ...endpoints],
    environment,
    isReady: (line) => line.includes('"endpoints"'),
  })
  return { hcm, connector }
}

const postern = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))
