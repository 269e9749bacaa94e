import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'

/** What the load program is asked to do. */
export interface LoadOptions {
  readonly binary: string
  readonly mode: string
  /** Clients connect to 127.0.0.this. */
  readonly address: number
  readonly bulkConnections: number
  readonly connectPort: number
  readonly targetPort: number
  readonly connections: number
  readonly seconds: number
  readonly warmupSeconds: number
}

/** Seconds beyond warm-up and window after which the load is killed; opening idle connections may take 20 of them. */
const graceSeconds = 30

const running = new Set<LoadProcess>()

/** One run of the load program, read line by line. */
export class LoadProcess {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface
  readonly #timer: NodeJS.Timeout
  #complaints = ''

  constructor(options: LoadOptions) {
    const flags = {
      '--connect': options.connectPort,
      '--target': options.targetPort,
      '--address': options.address,
      '--connections': options.connections,
      '--bulk': options.bulkConnections,
      '--seconds': options.seconds,
      '--warmup': options.warmupSeconds,
    }
    const args = [options.mode, ...Object.entries(flags).flatMap(([flag, value]) => [flag, String(value)])]
    const child = spawn(options.binary, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-1_000)
    })
    child.on('error', (error) => {
      this.#complaints += String(error)
    })
    child.stdin.on('error', () => {})
    this.#child = child
    this.#reader = createInterface({ input: child.stdout })
    this.#lines = this.#reader[Symbol.asyncIterator]()
    const limitMs = (options.warmupSeconds + options.seconds + graceSeconds) * 1_000
    this.#timer = setTimeout(() => this.kill(), limitMs)
    running.add(this)
  }

  /** What the load has written about failed connections, at most the last 1,000 characters. */
  get complaints(): string {
    return this.#complaints.trim()
  }

  /** The next line of output. @throws {Error} with the load's complaints when it has ended or ran too long. */
  async nextLine(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`the load ended early: ${this.complaints || 'it was killed'}`)
    return value
  }

  /** Waits for one line with exactly this text. */
  async expectLine(text: string): Promise<void> {
    const line = await this.nextLine()
    if (line !== text) throw new Error(`the load said '${line}' instead of '${text}'`)
  }

  /** Ends standard input, which lets go of idle connections, and waits for the end. */
  async finish(): Promise<void> {
    this.#child.stdin?.end()
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit')
    this.#forget()
  }

  kill(): void {
    this.#child.kill('SIGKILL')
    this.#forget()
  }

  #forget(): void {
    clearTimeout(this.#timer)
    this.#reader.close()
    running.delete(this)
  }
}

/** Kills every load that still runs; synchronous, for the end of the benchmark itself. */
export function killRunningLoads(): void {
  for (const load of running) load.kill()
}
