/** To a worker. A batch is one transaction; the next one is sent when this one was answered. */
export type SqliteRequest<Call> =
  | { readonly kind: 'batch'; readonly calls: readonly Call[] }
  | { readonly kind: 'close' }

/** Why a worker could not open its database, or could not do a batch. */
export interface SqliteProblem {
  readonly reason: 'locked' | 'foreign' | 'newer' | 'masterKey' | 'failed'
  readonly message: string
}

/** From a worker: `open` or `problem` once, then `answers` or `problem` for each batch, and `closed`. */
export type SqliteReply<Answer> =
  | { readonly kind: 'open' }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  | { readonly kind: 'problem'; readonly problem: SqliteProblem }
  | { readonly kind: 'closed' }
