import { Worker } from 'node:worker_threads'
import { RelayError } from '@postern/protocol'
import type {
  SqliteAnswer,
  SqliteCall,
  SqliteProblem,
  SqliteReply,
  SqliteRequest,
  SqliteWorkerData,
} from './sqlite-messages.ts'

/** Called with the answers of one transaction, in the order of its calls, before their promises resolve. */
export type CommitCallback = (answers: readonly SqliteAnswer[]) => void

interface WaitingCall {
  readonly call: SqliteCall
  readonly resolve: (answer: SqliteAnswer) => void
  readonly reject: (error: Error) => void
  /** Resolves in either case. */
  readonly answered: Promise<void>
}

/**
 * The worker thread that has the database open, seen from the main thread. All calls of one turn of the event loop, and
 * all that come while a transaction is under way, share the next transaction: they wait for the disk once.
 * It keeps the process alive only while a call waits.
 */
export class SqliteThread {
  readonly #worker: Worker
  readonly #onCommit: CommitCallback
  #waiting: WaitingCall[] = []
  #running: readonly WaitingCall[] | undefined
  #isScheduled = false
  /** Why no more calls are taken. */
  #end: Error | undefined
  #closing: Promise<void> | undefined
  readonly #exited: Promise<void>

  private constructor(worker: Worker, onCommit: CommitCallback) {
    this.#worker = worker
    this.#onCommit = onCommit
    worker.on('message', (reply: SqliteReply) => this.#receive(reply))
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
  static async start(data: SqliteWorkerData, onCommit: CommitCallback): Promise<SqliteThread | SqliteProblem> {
    // The program's own flags are not for this file: --input-type and --eval would even keep it from starting.
    const worker = new Worker(workerFile, { workerData: data, name: 'sqlite', execArgv: [] })
    const first = await firstReply(worker)
    if (first.kind === 'problem') return first.problem
    return new SqliteThread(worker, onCommit)
  }

  /** @throws {RelayError} InternalError when the transaction failed (disk full, ...); none of its calls was done then. */
  call(call: SqliteCall): Promise<SqliteAnswer> {
    if (this.#end) return Promise.reject(internalError(this.#end))
    const { promise, resolve, reject } = Promise.withResolvers<SqliteAnswer>()
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

  #send(request: SqliteRequest): void {
    this.#worker.postMessage(request)
  }

  #receive(reply: SqliteReply): void {
    const calls = this.#running ?? []
    this.#running = undefined
    if (reply.kind === 'answers') this.#commit(calls, reply.answers)
    if (reply.kind === 'problem') refuse(calls, new Error(reply.problem.message))
    if (reply.kind !== 'closed') this.#sendNext()
  }

  #commit(calls: readonly WaitingCall[], answers: readonly SqliteAnswer[]): void {
    try {
      this.#onCommit(answers)
    } catch (error) {
      refuse(calls, error)
      return
    }
    for (const [index, answer] of answers.entries()) calls[index]?.resolve(answer)
  }

  #fail(error: Error): void {
    this.#end ??= error
    const calls = [...(this.#running ?? []), ...this.#waiting]
    this.#running = undefined
    this.#waiting = []
    refuse(calls, error)
  }
}

/** Beside this file, with its ending: .ts in the source tree, .js in the published package. */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './sqlite-worker.ts' : './sqlite-worker.js',
  import.meta.url,
)

function firstReply(worker: Worker): Promise<SqliteReply> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('The storage thread ended before it had opened the database.')))
  })
}

function refuse(calls: readonly WaitingCall[], reason: unknown): void {
  for (const { reject } of calls) reject(internalError(reason))
}

function internalError(cause: unknown): RelayError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new RelayError('InternalError', { message: `The resource store failed: ${reason}`, cause })
}

function ignore(): void {}
