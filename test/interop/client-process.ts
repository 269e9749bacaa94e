import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageQueue } from '@postern/testkit'
import { type InteropFixture, installInteropFixture, interopFixtureFolder } from './fixture-install.ts'

/** Why a call to the client failed, with the HTTP refusal that it saw, if any. */
export class ClientError extends Error {
  readonly status: number | undefined
  readonly reason: string | undefined
  /** Whatever else the client's error says, where a script sends it. */
  readonly facts: Readonly<Record<string, unknown>>

  constructor({ message, status, reason, facts }: ClientFailure) {
    super(message)
    this.status = status
    this.reason = reason
    this.facts = facts ?? {}
  }
}

interface ClientFailure {
  readonly message: string
  readonly status?: number
  readonly reason?: string
  readonly facts?: Readonly<Record<string, unknown>>
}

interface Answer {
  readonly id?: number
  readonly result?: unknown
  readonly error?: ClientFailure
  readonly event?: string
  readonly data?: unknown
}

/** An official client in a process of its own that trusts the relay by NODE_EXTRA_CA_CERTS, as its users do it. */
export class ClientProcess implements Disposable {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #events = new Map<string, MessageQueue<unknown>>()
  #nextId = 0
  #said = ''
  #gone: Error | undefined

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child
    this.#folder = folder
    child.on('message', (answer: Answer) => this.#onAnswer(answer))
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString()
    })
    child.once('exit', (code, signal) => this.#onExit(`the client ended with ${signal ?? code}: ${this.#said}`))
  }

  /** Starts `script` of a fixture; `environment` is added to this process's own. */
  static async start(
    script: string,
    options: {
      readonly caPem: string
      readonly environment?: Readonly<Record<string, string>>
      /** Default `clients`. */
      readonly fixture?: InteropFixture
    },
  ): Promise<ClientProcess> {
    const fixture = options.fixture ?? 'clients'
    await installInteropFixture(fixture)
    const folder = mkdtempSync(join(tmpdir(), 'postern-interop-'))
    const caFile = join(folder, 'ca.pem')
    writeFileSync(caFile, options.caPem)
    const child = fork(join(interopFixtureFolder(fixture), script), {
      execArgv: ['--no-deprecation'],
      env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile, ...options.environment },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    await once(child, 'spawn')
    return new ClientProcess(child, folder)
  }

  /** Calls a function of the script; rejects with {@link ClientError}. */
  async call<T = void>(name: string, args: unknown = {}): Promise<T> {
    if (this.#gone) throw this.#gone
    const id = this.#nextId++
    const call = Promise.withResolvers<unknown>()
    this.#calls.set(id, call)
    this.#child.send({ id, name, args })
    return (await call.promise) as T
  }

  /** The next thing of this name that the script has reported and nobody took yet. */
  async next<T = void>(event: string, timeoutMs = 20_000): Promise<T> {
    return (await this.#queue(event).next(timeoutMs)) as T
  }

  /** How many reports of this name wait to be taken. */
  count(event: string): number {
    return this.#queue(event).size
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #queue(event: string): MessageQueue<unknown> {
    const queue = this.#events.get(event) ?? new MessageQueue<unknown>()
    this.#events.set(event, queue)
    if (this.#gone) queue.fail(this.#gone)
    return queue
  }

  #onAnswer({ id, result, error, event, data }: Answer): void {
    // The queue tells an absent value from a report without data.
    if (event !== undefined) this.#queue(event).push(data ?? null)
    if (id === undefined) return
    const call = this.#calls.get(id)
    this.#calls.delete(id)
    if (error) call?.reject(new ClientError(error))
    else call?.resolve(result)
  }

  #onExit(reason: string): void {
    this.#gone = new Error(reason)
    for (const call of this.#calls.values()) call.reject(this.#gone)
    this.#calls.clear()
    for (const queue of this.#events.values()) queue.fail(this.#gone)
  }
}
