import { formatBytes, type Logger, redactText } from '@postern/program'
import type { AuditedManagementCall, AuditRecord } from '../domain/audit-record.ts'
import type { AuditPage, AuditQuery, AuditSearch, AuditStore, ChainedRecord } from '../storage/audit-store.ts'
import { toLogText } from '../telemetry/log-text.ts'

export interface AuditTrailOptions {
  /** Absent: nothing is recorded. The trail closes it. */
  readonly store?: AuditStore
  readonly log: Logger
  /** Records older than this are deleted. */
  readonly retentionMs: number
  /** When the log takes more than this, its oldest records are deleted. */
  readonly maxBytes: number
}

const hourMs = 3_600_000

/** Records between two looks at how large the log has become: some 10 MB. */
const recordsPerLook = 10_000

/** An ARM id has two names of 260 characters and two of 90 in the worst case. */
const maxScopeLength = 1024

/**
 * Where the parts of the relay leave their audit records. Once an hour it deletes what is old and writes the head of the
 * chain to the log, so that whoever cuts off the audit log would have to change that one too.
 */
export class AuditTrail {
  readonly #store: AuditStore | undefined
  readonly #log: Logger
  readonly #retentionMs: number
  readonly #maxBytes: number
  #unlookedAt = 0
  readonly #timer: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined

  constructor({ store, log, retentionMs, maxBytes }: AuditTrailOptions) {
    this.#store = store
    this.#log = log
    this.#retentionMs = retentionMs
    this.#maxBytes = maxBytes
    if (!store) return
    this.#timer = setInterval(() => void this.#tend(store), hourMs).unref()
    void this.#tend(store)
  }

  /** Records that are durable and that were lost, since the start. */
  get counts(): AuditStore['counts'] {
    return this.#store?.counts ?? { written: 0, lost: 0 }
  }

  /** Costs microseconds and never waits. Texts are cut, control characters and tokens taken out. */
  record(record: AuditRecord): void {
    if (!this.#store) return
    this.#store.append([cleaned(record)])
    this.#unlookedAt += 1
    if (this.#unlookedAt === recordsPerLook) void this.#fit(this.#store)
  }

  /**
   * Resolves when everything recorded so far is durable.
   * @throws {RelayError} InternalError when it could not be written
   */
  async flush(): Promise<void> {
    await this.#store?.flush()
  }

  /** Newest first; nothing when auditing is off. */
  async query(question: AuditQuery): Promise<readonly ChainedRecord[]> {
    return this.#store?.query(question) ?? []
  }

  /** Finds more than `query`, in parts that each cost little. */
  async page(search: AuditSearch): Promise<AuditPage> {
    return this.#store?.page(search) ?? { records: [] }
  }

  /** Writes what was recorded, and the head to the log. Closing twice is allowed. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer)
    if (!this.#store) return
    await this.#tellHead(this.#store)
    await this.#store.close()
  }

  async #tend(store: AuditStore): Promise<void> {
    try {
      const before = new Date(Date.now() - this.#retentionMs)
      const count = await store.prune(before)
      if (count > 0) this.record(prunedRecord(`${count} records before ${before.toISOString()} were deleted`))
    } catch (error) {
      if (!this.#closing) this.#log.warn('audit.prune-failed', { error })
    }
    await this.#fit(store)
    if (!this.#closing) await this.#tellHead(store)
  }

  /** Deletes the oldest records when all of them take too much. */
  async #fit(store: AuditStore): Promise<void> {
    try {
      const count = await store.pruneToFit(this.#maxBytes)
      if (count > 0) {
        this.record(
          prunedRecord(`the ${count} oldest records were deleted: all took more than ${formatBytes(this.#maxBytes)}`),
        )
      }
    } catch (error) {
      if (!this.#closing) this.#log.warn('audit.prune-failed', { error })
    } finally {
      this.#unlookedAt = 0
    }
  }

  async #tellHead(store: AuditStore): Promise<void> {
    try {
      await store.flush()
      const { sequence, hash } = await store.head()
      this.#log.info('audit.head', { sequence, hash })
    } catch (error) {
      this.#log.warn('audit.head-unknown', { error })
    }
  }
}

function prunedRecord(reason: string): AuditRecord {
  return {
    kind: 'audit',
    at: new Date(),
    trackingId: '',
    principal: 'relay',
    action: 'prune',
    scope: '/',
    result: 'succeeded',
    reason,
    source: 'relay',
  }
}

function cleaned(record: AuditRecord): AuditRecord {
  const { reason, stream, call } = record
  return {
    ...record,
    trackingId: toLogText(record.trackingId),
    principal: toLogText(record.principal),
    action: toLogText(record.action),
    scope: redactText(toLogText(record.scope, maxScopeLength)),
    ...(reason !== undefined && { reason: redactText(toLogText(reason)) }),
    ...(stream && {
      stream: {
        ...stream,
        listener: toLogText(stream.listener),
        closeReason: redactText(toLogText(stream.closeReason)),
      },
    }),
    ...(call && { call: cleanedCall(call) }),
  }
}

function cleanedCall({ method, correlationId, clientRequestId }: AuditedManagementCall): AuditedManagementCall {
  return {
    method: toLogText(method),
    ...(correlationId !== undefined && { correlationId: toLogText(correlationId) }),
    ...(clientRequestId !== undefined && { clientRequestId: toLogText(clientRequestId) }),
  }
}
