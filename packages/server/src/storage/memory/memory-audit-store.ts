import { RelayError } from '@postern/protocol'
import type { AuditRecord } from '../../domain/audit-record.ts'
import { type ChainLink, type ChainPosition, chainOrigin, checkLinks, linkText, nextLink } from '../audit-chain.ts'
import { fitsSearch } from '../audit-match.ts'
import {
  type AuditPage,
  type AuditQuery,
  type AuditSearch,
  type AuditStore,
  type AuditVerdict,
  bytesAfterPrune,
  type ChainedRecord,
  maxAuditPage,
  maxAuditScan,
  type VerifyOptions,
} from '../audit-store.ts'
import { encodeAuditRecord } from '../audit-text.ts'
import { verifyAuditChain } from '../verify-audit-chain.ts'

/** Some 5 MB: enough for a look back while developing. */
const defaultCapacity = 10_000

/** Keeps the newest audit records for as long as the process lives: for tests and `--in-memory`. */
export class MemoryAuditStore implements AuditStore {
  readonly #capacity: number
  #kept: ChainedRecord[] = []
  /** Bytes of the text of each, and of all together. */
  #sizes: number[] = []
  #bytes = 0
  #anchor = chainOrigin
  #written = 0
  #isClosed = false

  constructor({ capacity = defaultCapacity }: { readonly capacity?: number } = {}) {
    this.#capacity = capacity
  }

  get counts(): AuditStore['counts'] {
    return { written: this.#written, lost: 0 }
  }

  append(records: readonly AuditRecord[]): void {
    if (this.#isClosed) return
    for (const record of records) {
      const { sequence, hash, text } = nextLink(this.#head(), encodeAuditRecord(record))
      const size = Buffer.byteLength(text)
      this.#kept.push({ sequence, hash, record })
      this.#sizes.push(size)
      this.#bytes += size
    }
    this.#written += records.length
    // A tenth at a time: each deletion moves all that stays.
    if (this.#kept.length > this.#capacity * 1.1) this.#deleteFirst(this.#kept.length - this.#capacity)
  }

  async flush(): Promise<void> {
    this.#assertOpen()
  }

  async head(): Promise<ChainPosition> {
    this.#assertOpen()
    const { sequence, hash } = this.#head()
    return { sequence, hash }
  }

  async query(question: AuditQuery): Promise<readonly ChainedRecord[]> {
    this.#assertOpen()
    const found = this.#kept
      .filter(({ record }) => isWithin(record, question) && fitsSearch(record, question))
      .toSorted(newestFirst)
    const start = question.before === undefined ? 0 : found.findIndex(isBehind(this.#at(question.before)))
    return start < 0 ? [] : found.slice(start, start + Math.min(question.limit, maxAuditPage))
  }

  async page(search: AuditSearch): Promise<AuditPage> {
    this.#assertOpen()
    const { before } = search
    const sorted = this.#kept.filter(({ record }) => isWithin(record, search)).toSorted(newestFirst)
    const start = before === undefined ? 0 : sorted.findIndex(isBehind(this.#at(before)))
    if (start < 0) return { records: [] }
    const records: ChainedRecord[] = []
    let end = start
    for (const limit = Math.min(search.limit, maxAuditPage); end < start + maxAuditScan; end += 1) {
      const kept = sorted[end]
      if (!kept || records.length === limit) break
      if (fitsSearch(kept.record, search)) records.push(kept)
    }
    const last = end < sorted.length ? sorted[end - 1] : undefined
    return { records, ...(last && { next: last.sequence }) }
  }

  async verify(options?: VerifyOptions): Promise<AuditVerdict> {
    this.#assertOpen()
    return verifyAuditChain(
      {
        bounds: async () => {
          const [first] = this.#kept
          return { anchor: this.#anchor, head: this.#head(), ...(first && { first: first.sequence }) }
        },
        check: async (after, { limit, expectedHead }) => {
          const begin = after.sequence < this.#anchor.sequence ? this.#anchor : after
          const start = begin.sequence - this.#anchor.sequence
          return checkLinks(begin, this.#kept.slice(start, start + limit).map(toLink), expectedHead)
        },
      },
      options,
    )
  }

  async prune(before: Date): Promise<number> {
    this.#assertOpen()
    const firstKept = this.#kept.findIndex(({ record }) => record.at >= before)
    return this.#deleteFirst(firstKept < 0 ? this.#kept.length : firstKept)
  }

  async pruneToFit(maxBytes: number): Promise<number> {
    this.#assertOpen()
    if (this.#bytes <= maxBytes) return 0
    let left = this.#bytes
    const firstKept = this.#sizes.findIndex((size) => {
      if (left <= bytesAfterPrune(maxBytes)) return true
      left -= size
      return false
    })
    return this.#deleteFirst(firstKept < 0 ? this.#kept.length : firstKept)
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  #head(): ChainPosition {
    return this.#kept.at(-1) ?? this.#anchor
  }

  #at(sequence: number): ChainedRecord | undefined {
    return this.#kept[sequence - this.#anchor.sequence - 1]
  }

  #deleteFirst(count: number): number {
    const last = this.#kept[count - 1]
    if (!last) return 0
    this.#anchor = { sequence: last.sequence, hash: last.hash }
    this.#kept = this.#kept.slice(count)
    this.#sizes = this.#sizes.slice(count)
    this.#bytes = this.#sizes.reduce((sum, size) => sum + size, 0)
    return count
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new RelayError('InternalError', { message: 'The audit store is closed.' })
  }
}

function toLink({ sequence, hash, record }: ChainedRecord): ChainLink {
  return { sequence, hash, text: linkText(sequence, encodeAuditRecord(record)) }
}

function isWithin(record: AuditRecord, { from, to }: Pick<AuditQuery, 'from' | 'to'>): boolean {
  return (from === undefined || record.at >= from) && (to === undefined || record.at < to)
}

function newestFirst(a: ChainedRecord, b: ChainedRecord): number {
  return b.record.at.getTime() - a.record.at.getTime() || b.sequence - a.sequence
}

/** Whether a record comes later in the order newest first; nothing does when that one is not there any more. */
function isBehind(cursor: ChainedRecord | undefined): (kept: ChainedRecord) => boolean {
  return (kept) => cursor !== undefined && newestFirst(cursor, kept) < 0
}
