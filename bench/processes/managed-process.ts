import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

import { isAlive, listProcessTree } from './process-usage.ts'

/** A program that writes a profile at its end takes some seconds. */
const gracefulStopMs = 10_000
/** The kernel ends a killed process as soon as it leaves the system call that it is in. */
const killedStopMs = 2_000
const probeIntervalMs = 25

/** How a process says that it can be used: it listens on a loopback port, or it has printed a text. */
export type Readiness = { readonly port: number } | { readonly output: string }

/** What is started, and how. */
export interface ManagedProcessOptions {
  /** Name for messages. */
  readonly name: string
  /** Program and arguments. */
  readonly command: readonly string[]
  /** Added to the environment of the benchmark. */
  readonly env?: Readonly<Record<string, string>>
  /** Receives standard output and standard error: a file, so that a talkative program costs the benchmark nothing. */
  readonly logFile: string
  readonly cwd: string
}

const running = new Set<ManagedProcess>()

/** A child process in a process group of its own that is surely gone after {@link ManagedProcess.stop}. */
export class ManagedProcess {
  readonly name: string
  readonly #child: ChildProcess
  readonly #logFile: string
  #startError: Error | undefined

  constructor(options: ManagedProcessOptions) {
    this.name = options.name
    this.#logFile = options.logFile
    const [program = '', ...args] = options.command
    const log = openSync(options.logFile, 'a')
    this.#child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', log, log],
      detached: true,
    })
    closeSync(log)
    this.#child.on('error', (error) => {
      this.#startError = error
    })
    running.add(this)
  }

  /** Process id, or -1 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** Everything that the process has printed so far. */
  readOutput(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  /** Resolves when the process is ready. @throws {Error} with the end of its output when it ends or time is up. */
  async waitUntilReady(readiness: Readiness, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs
    while (!this.#isReady(readiness)) {
      if (this.#hasEnded) throw this.#failure('ended before it was ready')
      if (Date.now() > deadline) throw this.#failure(`was not ready after ${timeoutMs} ms`)
      await delay(probeIntervalMs)
    }
  }

  /** Ends the process and its descendants: SIGTERM, and SIGKILL for what is left after two seconds. */
  async stop(): Promise<void> {
    const tree = listProcessTree([this.pid])
    if (!this.#hasEnded && this.#child.pid !== undefined) {
      this.#child.kill('SIGTERM')
      await Promise.race([once(this.#child, 'exit'), delay(gracefulStopMs, undefined, { ref: false })])
    }
    for (const identity of tree) if (isAlive(identity)) killQuietly(identity.pid)
    const deadline = Date.now() + killedStopMs
    while (tree.some(isAlive) && Date.now() < deadline) await delay(probeIntervalMs)
    running.delete(this)
  }

  /** Kills without waiting; for the end of the benchmark itself. */
  kill(): void {
    for (const { pid } of listProcessTree([this.pid])) killQuietly(pid)
    running.delete(this)
  }

  get #hasEnded(): boolean {
    return this.#startError !== undefined || this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  #isReady(readiness: Readiness): boolean {
    if ('output' in readiness) return this.readOutput().includes(readiness.output)
    return isListening(this.pid, readiness.port)
  }

  #failure(what: string): Error {
    const reason = this.#startError === undefined ? this.readOutput().slice(-2_000).trim() : String(this.#startError)
    return new Error(`${this.name} ${what}${reason === '' ? '.' : `:\n${reason}`}`)
  }
}

/** Kills every process that was started and not stopped; synchronous, so that it works while the benchmark exits. */
export function killRunningProcesses(): void {
  for (const managed of running) managed.kill()
}

/** Asks the kernel, in the network that the process is in: a probe would be a connection that the program has to serve. */
function isListening(pid: number, port: number): boolean {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['tcp', 'tcp6'].some((family) => {
    const lines = readQuietly(`/proc/${pid}/net/${family}`).split('\n')
    // proc_net_tcp: sl, local address, remote address, state, of which 0A is LISTEN.
    return lines
      .map((line) => line.trim().split(/\s+/))
      .some(([, local, , state]) => state === '0A' && local?.endsWith(suffix))
  })
}

function readQuietly(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    // The process has ended: nobody listens, and who waits sees the end.
    return ''
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself between the look and the signal.
  }
}
