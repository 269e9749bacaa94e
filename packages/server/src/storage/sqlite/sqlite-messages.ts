import type { WriteCondition } from '../resource-store.ts'

/** One call of the store, in the form that goes to the worker thread. Bodies are texts: the worker holds no key. */
export type SqliteCall =
  | { readonly kind: 'list' }
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly body: string; readonly condition: WriteCondition }
  | {
      readonly kind: 'delete'
      readonly key: string
      /** Start of the keys that go with it. */
      readonly under?: string
      readonly condition: WriteCondition
    }
  | { readonly kind: 'integrityCheck' }

export interface SqliteRow {
  readonly key: string
  readonly revision: string
  readonly body: string
}

/** What a call gave, in the order of the calls. */
export type SqliteAnswer =
  | { readonly kind: 'rows'; readonly rows: readonly SqliteRow[] }
  | { readonly kind: 'put'; readonly row: SqliteRow; readonly previous?: SqliteRow }
  | { readonly kind: 'deleted'; readonly rows: readonly SqliteRow[] }
  | { readonly kind: 'conditionFailed' }
  | { readonly kind: 'complaints'; readonly complaints: readonly string[] }

/** To the worker. A batch is one transaction; the next one is sent when this one was answered. */
export type SqliteRequest =
  | { readonly kind: 'batch'; readonly calls: readonly SqliteCall[] }
  | { readonly kind: 'close' }

/** What the worker is started with. */
export interface SqliteWorkerData {
  readonly databaseFile: string
  readonly lockFile: string
  readonly masterKeyId: string
}

/** Why the worker could not open the database, or could not do a batch. */
export interface SqliteProblem {
  readonly reason: 'locked' | 'foreign' | 'newer' | 'masterKey' | 'failed'
  readonly message: string
}

/** From the worker: `open` or `problem` once, then `answers` or `problem` for each batch, and `closed`. */
export type SqliteReply =
  | { readonly kind: 'open' }
  | { readonly kind: 'answers'; readonly answers: readonly SqliteAnswer[] }
  | { readonly kind: 'problem'; readonly problem: SqliteProblem }
  | { readonly kind: 'closed' }
