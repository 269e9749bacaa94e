import type { KeyedQueue } from '../../storage/keyed-queue.ts'
import type { ManagementParts } from '../management-parts.ts'

/** What the handlers of Microsoft.Web work with. */
export interface WebParts extends ManagementParts {
  /** Changes of what a plan's apps use, by {@link planQueueKey}: two attaches cannot both take the last place. */
  readonly planQueue: KeyedQueue
}
