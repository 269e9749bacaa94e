import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'

/** What a load program is asked to do. */
export interface LoadOptions {
  readonly binary: string
  readonly args: readonly string[]
  /** How long it takes by its own plan: warm-up and measured window. */
  readonly plannedSeconds: number
}

/** Its flags as arguments. */
export function loadFlags(flags: Readonly<Record<string, string | number>>): readonly string[] {
  return Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)])
}

/** Seconds beyond warm-up and window after which the load is killed; opening connections may take 60 of them. */
const graceSeconds = 70

const running = new Set<LoadProcess>()

/** One run of a load program, read line by line. */
export class LoadProcess {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface
  readonly #timer: NodeJS.Timeout
  #complaints = ''

  constructor(options: LoadOptions) {
    const child = spawn(options.binary, options.args, { stdio: ['pipe', 'pipe', 'pipe'] })
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
    const limitMs = (options.plannedSeconds + graceSeconds) * 1_000
    this.#timer = setTimeout(() => this.kill(), limitMs)
    running.add(this)
  }

  /** Process id, or -1 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? -1
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

  /** Gives it a line of standard input. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Ends the measured window of a timed load now; what it has counted follows. */
  endWindow(): void {
    this.#child.kill('SIGUSR1')
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
