import type { Logger } from '@postern/program'
import { errorTable } from '@postern/protocol'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Counters } from '../telemetry/counters.ts'
import { toLogText } from '../telemetry/log-text.ts'
import { RefusalWindow } from '../telemetry/refusal-window.ts'
import { refusalsRecord, refusedRecord } from './audit-records.ts'
import type { RefusalRecord } from './refusal-record.ts'

/**
 * Counts every refusal, and gives each a line in the log and a record in the audit log until there are too many in a window;
 * those that are left out are summed up in one line and one record at its end.
 */
export class RefusalLog {
  readonly #counters: Counters
  readonly #log: Logger
  readonly #audit: AuditTrail
  readonly #window: RefusalWindow

  constructor(options: { readonly counters: Counters; readonly log: Logger; readonly audit: AuditTrail }) {
    this.#counters = options.counters
    this.#log = options.log
    this.#audit = options.audit
    this.#window = new RefusalWindow((leftOut) => {
      this.#log.warn('refused.more', { ...leftOut })
      this.#audit.record(refusalsRecord(leftOut))
    })
  }

  record(refusal: RefusalRecord): void {
    const { code, stage, trackingId, remote, reason, address, status, port, ingress } = refusal
    this.#counters.refused(code, stage)
    if (!this.#window.take(remote.address, code)) return
    this.#log.info('refused', {
      code,
      stage,
      ...(status !== undefined && { status }),
      trackingId,
      ...(address !== undefined && { address: toLogText(address) }),
      ...(port !== undefined && { port }),
      ...(ingress !== undefined && { ingress }),
      remote: remote.address,
      reason: toLogText(reason ?? errorTable[code].message),
    })
    const record = refusedRecord(refusal)
    if (record) this.#audit.record(record)
  }

  /** Writes what was left out, for the end of the process. */
  close(): void {
    this.#window.close()
  }
}
