import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import type { ProcessInsides } from '../system/show-insides.ts'

/** How a program is started, again and again. */
export interface ProgramPlan {
  /** For messages: `relay`, `listener A`. */
  readonly name: string
  /** A file and its arguments, run by Node from source. */
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Comes before the command and becomes it, as `ip netns exec NAME` does: the process stays the same. */
  readonly enter?: readonly string[]
  /** Says whether this line of output means that it is up; by default any line does. */
  readonly isReady?: (line: string) => boolean
  /** Called with every message that it sends by `process.send`. */
  readonly onMessage?: (message: unknown) => void
}

/** Longer than any start on a slow machine. */
const startTimeoutMs = 180_000

/** What a program asked to stop may take. */
const stopTimeoutMs = 15_000

interface ProgramEvents {
  line: [line: string]
  insides: [insides: ProcessInsides]
  exit: []
}

/** A program in a process of its own that a test starts, kills, suspends and starts again. */
export class SupervisedProgram implements AsyncDisposable {
  readonly name: string
  /** Every end that nobody asked for: what must never happen. */
  readonly unexpectedEnds: string[] = []
  /** When it was last started, and when it was last up; ms since 1970. */
  startedAtMs = 0
  readyAtMs = 0
  readonly #plan: ProgramPlan
  readonly #events = new EventEmitter<ProgramEvents>()
  #child: ChildProcess | undefined
  #mayEnd = false
  #said = ''

  constructor(plan: ProgramPlan) {
    this.name = plan.name
    this.#plan = plan
    this.#events.setMaxListeners(0)
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.name} is not running`)
    return this.#child.pid
  }

  /** The last that it printed, to explain a failure. */
  get said(): string {
    return this.#said
  }

  /** Starts it and resolves with the line that says it is up. */
  async start(): Promise<string> {
    const isReady = this.#plan.isReady ?? ((): boolean => true)
    this.spawn()
    const line = await this.untilLine(isReady, startTimeoutMs)
    this.readyAtMs = Date.now()
    return line
  }

  /** Starts it and does not wait. */
  spawn(): void {
    const { args, environment, enter = [] } = this.#plan
    this.#mayEnd = false
    this.#said = ''
    this.startedAtMs = Date.now()
    const node = ['--conditions=@postern/source', '--expose-gc', '--import', insidesProbe]
    const [command, ...words] = [...enter, process.execPath, ...node, ...args] as const
    const child = spawn(command ?? process.execPath, words, {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#onLine(line))
    }
    child.on('message', (message) => this.#onMessage(message))
    child.once('exit', (code, signal) => {
      if (!this.#mayEnd) this.unexpectedEnds.push(`${this.name} ended with ${signal ?? code}:\n${this.#said}`)
      this.#events.emit('exit')
    })
  }

  /** The next line of output for which this is true. */
  untilLine(isIt: (line: string) => boolean, timeoutMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer)
        this.#events.off('line', onLine).off('exit', onExit)
      }
      const fail = (what: string): void => {
        finish()
        reject(new Error(`${this.name} ${what}:\n${this.#said}`))
      }
      const onExit = (): void => fail('ended before it said what was expected')
      const onLine = (line: string): void => {
        if (!isIt(line)) return
        finish()
        resolve(line)
      }
      const timer = setTimeout(() => fail(`did not say what was expected within ${timeoutMs} ms`), timeoutMs)
      this.#events.on('line', onLine).on('exit', onExit)
    })
  }

  /** SIGKILL: it can do nothing about it, and nothing more. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Stops its clock (SIGSTOP): its sockets stay open and nobody answers. */
  suspend(): void {
    process.kill(this.pid, 'SIGSTOP')
  }

  /** Lets it go on (SIGCONT). */
  resume(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  /** Asks it to end as a service manager does; one that does not is killed, and that is an error. */
  async stop(): Promise<void> {
    if (!this.#isRunning) return
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), stopTimeoutMs)
    await this.#end('SIGTERM')
    clearTimeout(timer)
    if (this.#child?.signalCode === 'SIGKILL') {
      throw new Error(`${this.name} did not stop within ${stopTimeoutMs} ms:\n${this.#said}`)
    }
  }

  /** Sends it a message that only programs of these tests understand. */
  send(message: string): void {
    this.#child?.send(message)
  }

  /** Memory and open resources right after a garbage collection. */
  async insides(): Promise<ProcessInsides> {
    const answer = once(this.#events, 'insides', { signal: AbortSignal.timeout(20_000) })
    this.send('show')
    const [insides] = (await answer) as [ProcessInsides]
    return insides
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isRunning) await this.kill()
  }

  get #isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (!this.#isRunning) return
    this.#mayEnd = true
    const ended = once(this.#events, 'exit')
    this.#child?.kill(signal)
    await ended
  }

  #onLine(line: string): void {
    // Enough to explain a failure, without keeping what a chatty program says for hours.
    this.#said = `${this.#said}${line}\n`.slice(-4096)
    this.#events.emit('line', line)
  }

  #onMessage(message: unknown): void {
    if (message !== null && typeof message === 'object' && 'heapUsed' in message) {
      this.#events.emit('insides', message as ProcessInsides)
    } else {
      this.#plan.onMessage?.(message)
    }
  }
}

const insidesProbe = new URL('../system/show-insides.ts', import.meta.url).href
