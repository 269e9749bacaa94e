import type { EntityKey } from '../domain/hybrid-connection.ts'

/** What the management plane may know of listeners. */
export interface ListenerCounts {
  /** Control channels of a hybrid connection. */
  count(entity: EntityKey): number
}
