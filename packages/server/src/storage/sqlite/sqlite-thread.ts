import { Worker } from 'node:worker_threads'
import { RelayError } from '@postern/protocol'
import type { SqliteProblem, SqliteReply, SqliteRequest } from './sqlite-messages.ts'

export interface SqliteThreadOptions<Answer> {
  /** Name of the worker's file without its ending. */
  readonly worker: 'document-worker' | 'audit-worker'
  readonly data: unknown
  /** What error messages call it: `The resource store`. */
  readonly name: string
  /** Called with the answers of one transaction, in the order of its calls, before their promises resolve. */
  readonly onCommit?: (answers: readonly Answer[]) => void
}

interface WaitingCall<Call, Answer> {
  readonly call: Call
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
  /** Resolves in either case. */
  readonly answered: Promise<void>
}

/**
 * A worker thread that has a database open, seen from the main thread. All calls of one turn of the event loop, and
 * all that come while a transaction is under way, share the next transaction: they wait for the disk once.
 * It keeps the process alive only while a call waits.
 */
export class SqliteThread<Call, Answer> {
  readonly #worker: Worker
  readonly #options: SqliteThreadOptions<Answer>
  #waiting: WaitingCall<Call, Answer>[] = []
  #running: readonly WaitingCall<Call, Answer>[] | undefined
  #isScheduled = false
  /** Why no more calls are taken. */
  #end: Error | undefined
  #closing: Promise<void> | undefined
  readonly #exited: Promise<void>

  private constructor(worker: Worker, options: SqliteThreadOptions<Answer>) {
    this.#worker = worker
    this.#options = options
    worker.on('message', (reply: SqliteReply<Answer>) => this.#receive(reply))
    worker.on('error', (error) => this.#fail(error))
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#fail(new Error('its thread has ended'))
        resolve()
      })
    })
    worker.unref()
  }

  /** Resolves when the database is open, locked and migrated; else with what prevents it. */
  static async start<Call, Answer>(
    options: SqliteThreadOptions<Answer>,
  ): Promise<SqliteThread<Call, Answer> | SqliteProblem> {
    // The program's own flags are not for this file: --input-type and --eval would even keep it from starting.
    const worker = new Worker(fileOf(options.worker), { workerData: options.data, name: options.worker, execArgv: [] })
    const first = await firstReply<Answer>(worker)
    if (first.kind === 'problem') return first.problem
    return new SqliteThread(worker, options)
  }

  /** @throws {RelayError} InternalError when the transaction failed (disk full, ...); none of its calls was done then. */
  call(call: Call): Promise<Answer> {
    if (this.#end) return Promise.reject(this.#error(this.#end))
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const answered = promise.then(ignore, ignore)
    this.#waiting.push({ call, resolve, reject, answered })
    this.#schedule()
    return promise
  }

  /** Resolves when every call made so far was answered. */
  idle(): Promise<void> {
    const last = this.#waiting.at(-1) ?? this.#running?.at(-1)
    return last ? last.answered : Promise.resolve()
  }

  /** Does the calls that wait, then closes the database and lets go of its lock. */
  close(): Promise<void> {
    if (!this.#closing) {
      this.#closing = this.#exited
      this.#end ??= new Error('it is closed')
      this.#worker.ref()
      this.#schedule()
    }
    return this.#closing
  }

  #schedule(): void {
    if (this.#isScheduled || this.#running) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#sendNext()
    })
  }

  #sendNext(): void {
    if (this.#running) return
    if (this.#waiting.length > 0) {
      this.#running = this.#waiting
      this.#waiting = []
      this.#worker.ref()
      this.#send({ kind: 'batch', calls: this.#running.map(({ call }) => call) })
      return
    }
    if (this.#closing) this.#send({ kind: 'close' })
    else this.#worker.unref()
  }

  #send(request: SqliteRequest<Call>): void {
    this.#worker.postMessage(request)
  }

  #receive(reply: SqliteReply<Answer>): void {
    const calls = this.#running ?? []
    this.#running = undefined
    if (reply.kind === 'answers') this.#commit(calls, reply.answers)
    if (reply.kind === 'problem') this.#refuse(calls, new Error(reply.problem.message))
    if (reply.kind !== 'closed') this.#sendNext()
  }

  #commit(calls: readonly WaitingCall<Call, Answer>[], answers: readonly Answer[]): void {
    try {
      this.#options.onCommit?.(answers)
    } catch (error) {
      this.#refuse(calls, error)
      return
    }
    for (const [index, answer] of answers.entries()) calls[index]?.resolve(answer)
  }

  #fail(error: Error): void {
    this.#end ??= error
    const calls = [...(this.#running ?? []), ...this.#waiting]
    this.#running = undefined
    this.#waiting = []
    this.#refuse(calls, error)
  }

  #refuse(calls: readonly WaitingCall<Call, Answer>[], reason: unknown): void {
    for (const { reject } of calls) reject(this.#error(reason))
  }

  #error(cause: unknown): RelayError {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new RelayError('InternalError', { message: `${this.#options.name} failed: ${reason}`, cause })
  }
}

/** Beside this file, with its ending: .ts in the source tree, .js in the published package. */
function fileOf(worker: string): URL {
  return new URL(`./${worker}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
}

function firstReply<Answer>(worker: Worker): Promise<SqliteReply<Answer>> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('The storage thread ended before it had opened the database.')))
  })
}

function ignore(): void {}
