/**
 * One line of the audit log.
 * `management`: a call at the management door or the ATOM API. `decision`: a listener, sender or request that was let in or
 * refused. `stream`: a relayed connection or HTTP exchange that has ended. `signIn`: a token that was issued or refused.
 * `audit`: about the log itself.
 */
export interface AuditRecord {
  readonly kind: 'management' | 'decision' | 'stream' | 'signIn' | 'audit'
  readonly at: Date
  readonly trackingId: string
  /** `rule:namespace/RootManageSharedAccessKey`, `user:admin (id)`, `anonymous`. Never a secret. */
  readonly principal: string
  /** ARM action, or `listen`, `connect`, `request`, `token`. */
  readonly action: string
  /** ARM id of what it was done to; the address that was asked for when that names nothing. */
  readonly scope: string
  readonly result: 'allowed' | 'refused' | 'succeeded' | 'failed'
  /** Error code or a sentence: why it was refused, by which role or rule it was allowed. */
  readonly reason?: string
  /** `address:port`. */
  readonly source: string
  readonly status?: number
  readonly stream?: AuditedStream
  readonly call?: AuditedManagementCall
}

/** What only a call of the management API has. */
export interface AuditedManagementCall {
  readonly method: string
  /** What the client calls the whole of its work, when it says so; else its tracking id stands for that. */
  readonly correlationId?: string
  /** What the client calls this one request. */
  readonly clientRequestId?: string
}

/** What a relayed connection or HTTP exchange amounted to. */
export interface AuditedStream {
  /** Id of the listener that served it. */
  readonly listener: string
  /** `host:port` of the hybrid connection's endpoint, when it has one. */
  readonly target?: string
  readonly bytesFromSender: number
  readonly bytesFromListener: number
  readonly durationMs: number
  /** What really ended it. */
  readonly closeReason: string
}
