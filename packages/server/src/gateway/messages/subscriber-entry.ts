import { entityKey, type HybridConnection } from '../../domain/hybrid-connection.ts'
import type { Admitted } from '../../messages/admittance.ts'
import type { EntityMessages } from '../../messages/entity-messages.ts'
import type { EventStream } from '../../messages/event-stream.ts'
import type { MessagePeerEnd } from '../../messages/message-peer.ts'
import type { SubscriberSocket } from '../../messages/subscriber-socket.ts'
import type { RelayParts } from '../relay-parts.ts'
import type { MessageCall } from './message-admission.ts'
import { MessagePeerRecords } from './message-peer-records.ts'
import { hasReceiverPlace } from './receiver-place.ts'

/** A subscriber's place in the books, of whatever kind it is. */
export interface SubscriberEntry {
  readonly messages: EntityMessages
  /** Gives its place to somebody who waits for one. */
  onClosed(subscriber: SubscriberSocket | EventStream, end: MessagePeerEnd): void
}

/** Counts and records a subscriber that was let in. */
export function subscriberEntry(
  parts: RelayParts,
  call: MessageCall,
  { entity, admitted }: { readonly entity: HybridConnection; readonly admitted: Admitted },
): SubscriberEntry {
  const counters = parts.counters.entity(entity.namespace, entity.name)
  const messages = parts.messages.entity(entity)
  const records = new MessagePeerRecords(parts, call, admitted)
  counters.activeSubscribers += 1
  return {
    messages,
    onClosed: (subscriber, end) => {
      messages.remove(subscriber)
      counters.activeSubscribers -= 1
      parts.load.leave(entity.namespace)
      records.onClosed(end)
      parts.waitingListeners.release(entityKey(entity.namespace, entity.name), () => hasReceiverPlace(parts, entity))
    },
  }
}
