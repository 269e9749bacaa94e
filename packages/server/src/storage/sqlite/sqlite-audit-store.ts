import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { RelayError } from '@postern/protocol'
import type { AuditRecord } from '../../domain/audit-record.ts'
import type { ChainPosition } from '../audit-chain.ts'
import { AuditQueue } from '../audit-queue.ts'
import {
  type AuditPage,
  type AuditQuery,
  type AuditSearch,
  type AuditStore,
  type AuditVerdict,
  bytesAfterPrune,
  type ChainedRecord,
  type VerifyOptions,
} from '../audit-store.ts'
import { decodeAuditRecord, encodeAuditRecord } from '../audit-text.ts'
import { verifyAuditChain } from '../verify-audit-chain.ts'
import { auditDatabaseName } from './audit-database.ts'
import type { AuditAnswer, AuditCall, AuditWorkerData } from './audit-messages.ts'
import { makeDataFolder } from './make-data-folder.ts'
import { openProblem } from './open-problem.ts'
import { SqliteThread } from './sqlite-thread.ts'

export interface SqliteAuditStoreOptions {
  /** Made with mode 700 when missing; `audit.db` in it is for this process alone to write. */
  readonly dataDir: string
  /** Called once when writing begins to fail, and with undefined when it works again. */
  readonly onTrouble?: (problem: string | undefined) => void
  /** Records that may wait for the disk. Default 50,000, some 30 MB. */
  readonly maxWaiting?: number
}

/** Records in one transaction: handing them to the worker holds the event loop up for a millisecond or two. */
const maxBatch = 1000

/** Records that are deleted in one transaction, so that new ones need not wait long. */
const maxPruned = 5000

const retryMs = 1000

type AuditThread = SqliteThread<AuditCall, AuditAnswer>

interface WaitingFlush {
  /** How many records must have been written. */
  readonly end: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Keeps audit records in a SQLite database of their own. Everything that comes while a transaction is under way shares the
 * next one; what cannot be written is tried again every second.
 */
export class SqliteAuditStore implements AuditStore {
  readonly #thread: AuditThread
  readonly #onTrouble: (problem: string | undefined) => void
  readonly #queue: AuditQueue
  readonly #flushes = new Set<WaitingFlush>()
  #written = 0
  #lostAtEnd = 0
  #writing: Promise<void> | undefined
  #inTrouble = false
  #endPause: (() => void) | undefined
  #closing: Promise<void> | undefined

  private constructor(thread: AuditThread, options: SqliteAuditStoreOptions) {
    this.#thread = thread
    this.#onTrouble = options.onTrouble ?? (() => {})
    this.#queue = new AuditQueue({ maxWaiting: options.maxWaiting ?? 50_000 })
  }

  /** @throws {RelayError} InvalidConfiguration when the folder or database cannot be used: the message says what to do. */
  static async open(options: SqliteAuditStoreOptions): Promise<SqliteAuditStore> {
    await makeDataFolder(options.dataDir)
    const databaseFile = join(options.dataDir, auditDatabaseName)
    const data: AuditWorkerData = { databaseFile }
    const thread = await SqliteThread.start<AuditCall, AuditAnswer>({
      worker: 'audit-worker',
      data,
      name: 'The audit store',
    })
    if (thread instanceof SqliteThread) return new SqliteAuditStore(thread, options)
    throw openProblem(thread, databaseFile)
  }

  get counts(): AuditStore['counts'] {
    return { written: this.#written, lost: this.#queue.lost + this.#lostAtEnd }
  }

  append(records: readonly AuditRecord[]): void {
    if (this.#closing) return
    for (const record of records) this.#queue.push(encodeAuditRecord(record))
    this.#writing ??= this.#writeAll()
  }

  async flush(): Promise<void> {
    this.#assertOpen()
    const { end } = this.#queue
    if (end <= this.#written) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#flushes.add({ end, resolve, reject })
    await promise
  }

  async head(): Promise<ChainPosition> {
    this.#assertOpen()
    return (await this.#ask({ kind: 'bounds' }, 'bounds')).bounds.head
  }

  async query(question: AuditQuery): Promise<readonly ChainedRecord[]> {
    this.#assertOpen()
    const { links } = await this.#ask({ kind: 'query', question }, 'links')
    return links.map(decodeAuditRecord)
  }

  async page(search: AuditSearch): Promise<AuditPage> {
    this.#assertOpen()
    const { page } = await this.#ask({ kind: 'page', search }, 'page')
    const { links, ...rest } = page
    return { records: links.map(decodeAuditRecord), ...rest }
  }

  async verify(options?: VerifyOptions): Promise<AuditVerdict> {
    this.#assertOpen()
    return verifyAuditChain(
      {
        bounds: async () => (await this.#ask({ kind: 'bounds' }, 'bounds')).bounds,
        check: async (after, options) => (await this.#ask({ kind: 'check', after, options }, 'checked')).check,
      },
      options,
    )
  }

  async prune(before: Date): Promise<number> {
    this.#assertOpen()
    let sum = 0
    for (;;) {
      const { count } = await this.#ask({ kind: 'prune', before, limit: maxPruned }, 'pruned')
      sum += count
      if (count < maxPruned) return sum
    }
  }

  async pruneToFit(maxBytes: number): Promise<number> {
    this.#assertOpen()
    let sum = 0
    for (let bound = maxBytes; ; bound = bytesAfterPrune(maxBytes)) {
      const { count } = await this.#ask({ kind: 'shrink', maxBytes: bound, limit: maxPruned }, 'pruned')
      sum += count
      if (count === 0) return sum
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#endPause?.()
    await this.#writing
    await this.#thread.close()
  }

  async #writeAll(): Promise<void> {
    // Everything of this turn of the event loop shares a transaction.
    await setImmediate()
    for (let bodies = this.#queue.take(maxBatch); bodies.length > 0; bodies = this.#queue.take(maxBatch)) {
      while (!(await this.#write(bodies))) {
        if (this.#closing) return this.#giveUp(bodies.length)
        await this.#pause()
      }
    }
    this.#writing = undefined
  }

  /** @returns false when it failed; nothing of it was written then */
  async #write(bodies: readonly string[]): Promise<boolean> {
    try {
      await this.#thread.call({ kind: 'append', bodies })
    } catch (error) {
      this.#tellTrouble(error instanceof Error ? error.message : String(error))
      for (const { reject } of this.#flushes) reject(error)
      this.#flushes.clear()
      return false
    }
    this.#written += bodies.length
    this.#tellTrouble(undefined)
    for (const flush of this.#flushes) {
      if (flush.end > this.#written) continue
      this.#flushes.delete(flush)
      flush.resolve()
    }
    return true
  }

  #tellTrouble(problem: string | undefined): void {
    const isNews = this.#inTrouble !== (problem !== undefined)
    this.#inTrouble = problem !== undefined
    if (isNews) this.#onTrouble(problem)
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, retryMs).unref()
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #giveUp(count: number): void {
    const waiting = this.#queue.take(Number.POSITIVE_INFINITY)
    this.#lostAtEnd += count + waiting.length
  }

  async #ask<Kind extends AuditAnswer['kind']>(
    call: AuditCall,
    kind: Kind,
  ): Promise<Extract<AuditAnswer, { readonly kind: Kind }>> {
    const answer = await this.#thread.call(call)
    if (answer.kind === kind) return answer as Extract<AuditAnswer, { readonly kind: Kind }>
    throw new RelayError('InternalError', { message: `The audit store answered ${answer.kind} to ${call.kind}.` })
  }

  #assertOpen(): void {
    if (this.#closing) throw new RelayError('InternalError', { message: 'The audit store is closed.' })
  }
}
