import { entityKey, type HybridConnection } from '../../domain/hybrid-connection.ts'
import type { RelayParts } from '../relay-parts.ts'

/** Whether a hybrid connection takes one more listener or subscriber. */
export function hasReceiverPlace(
  parts: Pick<RelayParts, 'limits' | 'listeners' | 'messages'>,
  entity: HybridConnection,
): boolean {
  const key = entityKey(entity.namespace, entity.name)
  const maximum = entity.maxListeners ?? parts.limits.maxListenersPerEntity
  return parts.listeners.count(key) + parts.messages.subscriberCount(key) < maximum
}
