import type { Logger } from '@postern/program'
import { type ErrorCode, errorTable } from '@postern/protocol'
import type { AuditTrail } from '../audit/audit-trail.ts'
import { networkOf } from '../domain/network-of.ts'
import type { Counters } from '../telemetry/counters.ts'
import { toLogText } from '../telemetry/log-text.ts'
import { refusalsRecord, refusedRecord } from './audit-records.ts'
import type { RefusalRecord } from './refusal-record.ts'

/** Lines are counted for this long, then anew. */
const windowMs = 10_000
/** Lines about one network in a window: a loop of one client must not fill the disk (100 a window are 4 KiB a second). */
const maxLinesPerNetwork = 100
/** Lines in a window, whoever causes them. */
const maxLines = 1000
/**
 * Counts every refusal, and gives each a line in the log and a record in the audit log until there are too many in a window;
 * those that are left out are summed up in one line and one record at its end.
 */
export class RefusalLog {
  readonly #counters: Counters
  readonly #log: Logger
  readonly #audit: AuditTrail
  readonly #lines = new Map<string, number>()
  readonly #leftOut = new Map<ErrorCode, number>()
  readonly #leftOutOf = new Map<string, number>()
  #total = 0
  #endsAtMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: { readonly counters: Counters; readonly log: Logger; readonly audit: AuditTrail }) {
    this.#counters = options.counters
    this.#log = options.log
    this.#audit = options.audit
  }

  record(refusal: RefusalRecord): void {
    const { code, stage, trackingId, remote, reason, address, status } = refusal
    this.#counters.refused(code, stage)
    if (!this.#takeLine(networkOf(remote.address), code)) return
    this.#log.info('refused', {
      code,
      stage,
      ...(status !== undefined && { status }),
      trackingId,
      ...(address !== undefined && { address: toLogText(address) }),
      remote: remote.address,
      reason: toLogText(reason ?? errorTable[code].message),
    })
    const record = refusedRecord(refusal)
    if (record) this.#audit.record(record)
  }

  /** Writes what was left out, for the end of the process. */
  close(): void {
    this.#endWindow()
  }

  #takeLine(network: string, code: ErrorCode): boolean {
    if (Date.now() >= this.#endsAtMs) this.#endWindow()
    const lines = this.#lines.get(network) ?? 0
    if (lines < maxLinesPerNetwork && this.#total < maxLines) {
      this.#lines.set(network, lines + 1)
      this.#total += 1
      return true
    }
    this.#leftOut.set(code, (this.#leftOut.get(code) ?? 0) + 1)
    // Networks without a line of their own are not told apart: there may be any number of them.
    if (lines > 0) this.#leftOutOf.set(network, (this.#leftOutOf.get(network) ?? 0) + 1)
    this.#timer ??= setTimeout(() => this.#endWindow(), this.#endsAtMs - Date.now()).unref()
    return false
  }

  #endWindow(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#leftOut.size > 0) {
      const count = [...this.#leftOut.values()].reduce((sum, each) => sum + each, 0)
      const [mostFrom] = [...this.#leftOutOf].toSorted(([, a], [, b]) => b - a)
      const sum = { count, codes: Object.fromEntries(this.#leftOut), seconds: windowMs / 1000, mostFrom: mostFrom?.[0] }
      this.#log.warn('refused.more', sum)
      this.#audit.record(refusalsRecord(sum))
    }
    this.#lines.clear()
    this.#leftOut.clear()
    this.#leftOutOf.clear()
    this.#total = 0
    this.#endsAtMs = Date.now() + windowMs
  }
}
