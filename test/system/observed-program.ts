import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { MessageQueue } from '@postern/testkit'
import { peakResidentBytes, resetPeak } from './process-facts.ts'
import type { ProcessInsides } from './show-insides.ts'

/** One `postern` command whose memory and sockets a test watches: no launcher between, so that `pid` is the program. */
export class ObservedProgram implements AsyncDisposable {
  readonly pid: number
  readonly stdout: MessageQueue<string> = new MessageQueue()
  readonly stderr: MessageQueue<string> = new MessageQueue()
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>
  readonly #insides: MessageQueue<ProcessInsides> = new MessageQueue()
  #said = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    this.pid = child.pid ?? 0
    this.#collect(child.stdout, this.stdout)
    this.#collect(child.stderr, this.stderr)
    child.on('message', (message) => this.#insides.push(message as ProcessInsides))
    this.#exited = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        const gone = new Error(`postern ended with ${signal ?? code}: ${this.#said}`)
        for (const queue of [this.stdout, this.stderr, this.#insides]) queue.fail(gone)
        resolve(undefined)
      })
    })
  }

  /**
   * Starts `postern ...`; `environment` is added to this process's own without variables of ours. A `wrapper` runs the command
   * behind it in its own place.
   */
  static async start(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    wrapper: readonly string[] = [],
  ): Promise<ObservedProgram> {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(?:POSTERN_|NODE_TEST_CONTEXT)/.test(name))
    const node = ['--conditions=@postern/source', '--expose-gc', '--import', probe]
    const [first = '', ...others] = [...wrapper, process.execPath, ...node, program, ...args]
    const child = spawn(first, others, {
      env: { ...Object.fromEntries(inherited), ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    await once(child, 'spawn')
    return new ObservedProgram(child)
  }

  /** The first log line with this event, as fields; lines before it are dropped. */
  async untilLogs(event: string, timeoutMs = 20_000): Promise<Record<string, unknown>> {
    for (;;) {
      const line = await this.stderr.next(timeoutMs)
      if (!line.startsWith('{')) continue
      const fields = JSON.parse(line) as Record<string, unknown>
      if (fields['event'] === event) return fields
    }
  }

  /** Memory and open resources right after a garbage collection. */
  insides(): Promise<ProcessInsides> {
    this.#child.send('show')
    return this.#insides.next(20_000)
  }

  /** The most memory that the process ever had in RAM, or since {@link resetPeak}; bytes. */
  peakResidentBytes(): number {
    return peakResidentBytes(this.pid)
  }

  /** Forgets the peak so far. */
  resetPeak(): void {
    resetPeak(this.pid)
  }

  /** Asks it to end as Ctrl-C does, and waits; what does not end within 15 s is killed, and that is an error. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGINT')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 15_000)
    await this.#exited
    clearTimeout(timer)
    if (this.#child.signalCode === 'SIGKILL') throw new Error(`postern did not stop within 15 s: ${this.#said}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #collect(stream: Readable | null, queue: MessageQueue<string>): void {
    if (!stream) return
    createInterface({ input: stream }).on('line', (line) => {
      // Enough to explain a failure, without keeping what a chatty process says for minutes.
      this.#said = `${this.#said}${line}\n`.slice(-8192)
      queue.push(line)
    })
  }
}

const program = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const probe = new URL('./show-insides.ts', import.meta.url).href
