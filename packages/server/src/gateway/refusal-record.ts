import type { ErrorCode } from '@postern/protocol'
import type { Principal } from '../auth/decision.ts'

/** One refusal as it is counted, logged and recorded. */
export interface RefusalRecord {
  readonly code: ErrorCode
  /** What was being done, one of few words: `handshake`, `listen`, `connect`, `accept`, `request`, `atom`, `control`. */
  readonly stage: string
  readonly trackingId: string
  readonly remote: { readonly address: string; readonly port?: number }
  /** For log and audit alone; the table's message when absent. */
  readonly reason?: string
  /** `sb://host/path`, as far as it is known. */
  readonly address?: string
  readonly status?: number
  /** Public port that it came to. */
  readonly port?: number
  /** Entry of that port, as `namespace/name`, where it is known. */
  readonly ingress?: string
  /** ARM id; absent when nothing has that address. */
  readonly scope?: string
  /** Who it was, as far as that is proven. */
  readonly principal?: Principal
  /** The caller had been let in, and then could not be served. */
  readonly wasAllowed?: boolean
}
