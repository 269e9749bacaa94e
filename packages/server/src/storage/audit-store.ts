import type { AuditRecord } from '../domain/audit-record.ts'
import type { ChainBreak, ChainPosition } from './audit-chain.ts'

/** A record in its place in the chain. */
export interface ChainedRecord extends ChainPosition {
  readonly record: AuditRecord
}

/** Which records are wanted; those that are absent demand nothing. */
export interface AuditQuery {
  /** Inclusive. */
  readonly from?: Date
  /** Exclusive. */
  readonly to?: Date
  readonly kinds?: readonly AuditRecord['kind'][]
  readonly principal?: string
  /** What it was done to, or anything below that: compared by whole segments and without regard to case. */
  readonly scopePrefix?: string
  readonly result?: AuditRecord['result']
  /** 1 to `maxAuditPage`. */
  readonly limit: number
  /** Sequence of the last record of the page before. */
  readonly before?: number
}

/** Demands that no index knows: each record is looked at. */
export interface AuditSearch extends AuditQuery {
  /** Name or id of the principal, in any case; of `user:ann (id)` also `ann`, `user:ann` and `id`. */
  readonly caller?: string
  /** Tracking id, or the correlation id that the client gave. */
  readonly trackingId?: string
  /** `Microsoft.Relay`, in any case: the last resource provider that the scope names. */
  readonly provider?: string
  /** Leaves out management calls that read: what Azure's activity log has none of. */
  readonly withoutReads?: boolean
  /** Leaves out what succeeded or was allowed. */
  readonly withoutSuccess?: boolean
}

/** Records in one answer, at most. */
export const maxAuditPage = 1000

/** What `pruneToFit` leaves of a log that became too large: room for a while. */
export function bytesAfterPrune(maxBytes: number): number {
  return maxBytes * 0.95
}

/** Records that are looked at for one page, at most: some 50 ms of work, so that writing goes on meanwhile. */
export const maxAuditScan = 10_000

/** A part of an answer; it may hold nothing and still have a next one. */
export interface AuditPage {
  readonly records: readonly ChainedRecord[]
  /** `before` of the next page; absent when there is none. */
  readonly next?: number
}

export interface VerifyOptions {
  readonly signal?: AbortSignal
  /** Called from time to time with how many records were looked at, of how many. */
  readonly onProgress?: (checked: number, total: number) => void
  /** A head that was noted before: the log must still hold it. Finds what was cut off at the end or written anew. */
  readonly expectedHead?: ChainPosition
}

/** What the whole chain amounts to. */
export interface AuditVerdict {
  /** Records whose place was found to be right. */
  readonly count: number
  /** Sequence of the first one; absent when there is none. */
  readonly first?: number
  /** The last one, or the anchor. */
  readonly head: ChainPosition
  /** Absent when nothing is wrong; else the first place that is. */
  readonly broken?: ChainBreak
}

/** Reads an audit log. */
export interface AuditReader {
  /** The newest record's place; that of the last deleted one when there is none, zeros when there never was one. */
  head(): Promise<ChainPosition>
  /** Newest first: by time, then by sequence. */
  query(question: AuditQuery): Promise<readonly ChainedRecord[]>
  /** Finds more, in parts that cost no more than a look at `maxAuditScan` records each, however few of them fit. */
  page(search: AuditSearch): Promise<AuditPage>
  /** Walks the chain from its beginning. @throws the signal's reason when it is aborted. */
  verify(options?: VerifyOptions): Promise<AuditVerdict>
  close(): Promise<void>
}

/**
 * Keeps audit records in the order in which they were appended, each chained to the one before by its hash. Every engine
 * passes audit-store.contract.ts.
 */
export interface AuditStore extends AuditReader {
  /** Records that are durable, and records that were lost, since the store was opened. */
  readonly counts: { readonly written: number; readonly lost: number }
  /**
   * Takes records without waiting for the disk. When more wait than the engine's bound, those that come are counted, and
   * one record of kind `audit` stands in their place.
   */
  append(records: readonly AuditRecord[]): void
  /**
   * Resolves when everything appended so far is durable.
   * @throws {RelayError} InternalError when it could not be written now; the store goes on trying.
   */
  flush(): Promise<void>
  /**
   * Deletes from the beginning what is older than `before`, up to the first record that is not. The hash of the last
   * deleted one stays as anchor, so that the rest can still be verified.
   * @returns how many were deleted
   */
  prune(before: Date): Promise<number>
  /**
   * Deletes from the beginning until what is left takes a twentieth less than `maxBytes`; nothing when it takes no more
   * than that now. Space that only new records can take counts as free.
   * @returns how many were deleted
   */
  pruneToFit(maxBytes: number): Promise<number>
  /** Writes what waits, then refuses everything. Closing twice is allowed. */
  close(): Promise<void>
}
