import type { EntityKey } from '../domain/hybrid-connection.ts'

/** What the management plane may know of listeners. */
export interface ListenerCounts {
  /** Control channels of a hybrid connection. */
  count(entity: EntityKey): number
  /** Listeners as they are billed: control channels with one listener id, in any case, are one; none that is being closed. */
  countBilled(entity: EntityKey): number
  /** Every listener that there is says that its target does not answer. */
  isTargetDown(entity: EntityKey): boolean
}
