import type { ChainCheck, ChainLink, ChainPosition } from '../audit-chain.ts'
import type { AuditQuery, AuditSearch } from '../audit-store.ts'
import type { ChainBounds, ChainCheckOptions } from '../verify-audit-chain.ts'
import type { LinkPage } from './audit-rows.ts'

/** One call of the audit store, in the form that goes to its worker thread. */
export type AuditCall =
  | {
      readonly kind: 'append'
      /** Canonical texts without their number, in order. */
      readonly bodies: readonly string[]
    }
  | { readonly kind: 'bounds' }
  | { readonly kind: 'query'; readonly question: AuditQuery }
  | { readonly kind: 'page'; readonly search: AuditSearch }
  | { readonly kind: 'check'; readonly after: ChainPosition; readonly options: ChainCheckOptions }
  | { readonly kind: 'prune'; readonly before: Date; readonly limit: number }
  | { readonly kind: 'shrink'; readonly maxBytes: number; readonly limit: number }

/** What a call gave, in the order of the calls. */
export type AuditAnswer =
  | { readonly kind: 'appended' }
  | { readonly kind: 'bounds'; readonly bounds: ChainBounds }
  | { readonly kind: 'links'; readonly links: readonly ChainLink[] }
  | { readonly kind: 'page'; readonly page: LinkPage }
  | { readonly kind: 'checked'; readonly check: ChainCheck }
  | { readonly kind: 'pruned'; readonly count: number }

/** What the worker is started with. */
export interface AuditWorkerData {
  readonly databaseFile: string
}
