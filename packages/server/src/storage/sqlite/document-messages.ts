import type { WriteCondition } from '../resource-store.ts'

/** One call of the store, in the form that goes to the worker thread. Bodies are texts: the worker holds no key. */
export type DocumentCall =
  | { readonly kind: 'list' }
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly body: string; readonly condition: WriteCondition }
  | {
      readonly kind: 'delete'
      readonly key: string
      /** Starts of the keys that go with it. */
      readonly under?: readonly string[]
      readonly condition: WriteCondition
    }
  | { readonly kind: 'integrityCheck' }

export interface DocumentRow {
  readonly key: string
  readonly revision: string
  readonly body: string
}

/** What a call gave, in the order of the calls. */
export type DocumentAnswer =
  | { readonly kind: 'rows'; readonly rows: readonly DocumentRow[] }
  | { readonly kind: 'put'; readonly row: DocumentRow; readonly previous?: DocumentRow }
  | { readonly kind: 'deleted'; readonly rows: readonly DocumentRow[] }
  | { readonly kind: 'conditionFailed' }
  | { readonly kind: 'complaints'; readonly complaints: readonly string[] }

/** What the worker is started with. */
export interface DocumentWorkerData {
  readonly databaseFile: string
  readonly lockFile: string
  readonly masterKeyId: string
}
