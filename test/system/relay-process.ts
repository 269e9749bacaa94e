import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ObservedProgram } from './observed-program.ts'

interface ReadyLine {
  readonly data: string
  readonly management: string
  readonly caFile: string
  readonly hybridConnections: readonly {
    readonly name: string
    readonly listen: string | null
    readonly send: string | null
  }[]
}

/** A hybrid connection of the relay. */
interface DeclaredConnection {
  readonly name: string
  /** Its senders need no token. */
  readonly open?: boolean
  /** `host:port` that it stands for. */
  readonly endpoint?: string
  /** What may be done with it; connecting and requests when absent. */
  readonly actions?: readonly string[]
}

/**
 * What a relay may have in RAM while bytes of any number pass: 200 MB, and 12 MB that the program takes only when it runs from source,
 * where Node keeps what it has compiled (idle 146 MB instead of 135, measured).
 */
export const maxRelayBytes = 200_000_000 + 12_000_000

/** `postern up` with TLS on, SQLite in a new folder, on free ports of the loopback address. */
export class RelayProcess implements AsyncDisposable {
  readonly program: ObservedProgram
  /** `https://localhost:port` of the data door. */
  readonly data: string
  readonly caFile: string
  readonly caPem: string
  readonly #ready: ReadyLine
  readonly #folder: string

  private constructor(program: ObservedProgram, ready: ReadyLine, folder: string, caPem: string) {
    this.program = program
    this.data = ready.data
    this.caFile = ready.caFile
    this.caPem = caPem
    this.#ready = ready
    this.#folder = folder
  }

  /** Starts a relay with these hybrid connections. */
  static async start(
    hybridConnections: readonly DeclaredConnection[],
    options: readonly string[] = [],
  ): Promise<RelayProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'postern-system-'))
    const resources = join(folder, 'resources.yaml')
    // JSON is YAML.
    await writeFile(resources, JSON.stringify(declare(hybridConnections)))
    const files = ['--data', join(folder, 'data'), '--resources', resources]
    const ports = ['--data-port', '0', '--management-port', '0', '--bind', '127.0.0.1', '--drain-timeout', '1s']
    const program = await ObservedProgram.start([
      'up',
      '--json',
      '--log-format',
      'json',
      ...files,
      ...ports,
      ...options,
    ])
    try {
      const ready = JSON.parse(await program.stdout.next(30_000)) as ReadyLine
      return new RelayProcess(program, ready, folder, await readFile(ready.caFile, 'utf8'))
    } catch (error) {
      await program.stop()
      throw error
    }
  }

  /** Connection strings of a hybrid connection. */
  access(name: string): { readonly listen: string; readonly send: string } {
    const found = this.#ready.hybridConnections.find((entity) => entity.name === name)
    if (!found?.listen || !found.send) throw new Error(`no hybrid connection ${name} with Listen and Send`)
    return { listen: found.listen, send: found.send }
  }

  /** The sum of a metric over its series. */
  async metric(name: string): Promise<number> {
    let sum = 0
    for (const line of (await this.#metricsPage()).split('\n')) {
      const match = /^(\w+)(?:\{.*\})? (\S+)$/.exec(line)
      if (match?.[1] === name) sum += Number(match[2])
    }
    return sum
  }

  /** Asks until the metric has this value, for at most 10 seconds. */
  async untilMetric(name: string, value: number): Promise<void> {
    const deadline = Date.now() + 10_000
    for (;;) {
      const found = await this.metric(name)
      if (found === value) return
      if (Date.now() > deadline) throw new Error(`${name} is ${found} and did not become ${value}`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #metricsPage(): Promise<string> {
    return new Promise((resolve, reject) => {
      request(`${this.#ready.management}/metrics`, { ca: this.caPem, agent: false }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve(Buffer.concat(chunks).toString()))
        response.on('error', reject)
      })
        .on('error', reject)
        .end()
    })
  }
}

function declare(hybridConnections: readonly DeclaredConnection[]): object {
  return {
    namespaces: [
      {
        name: 'local',
        default: true,
        rules: [{ name: 'RootManageSharedAccessKey', rights: ['Listen', 'Send', 'Manage'] }],
        hybridConnections: hybridConnections.map(({ open = false, ...declared }) => ({
          ...declared,
          requiresClientAuthorization: !open,
        })),
      },
    ],
  }
}
