import type { ServerResponse } from 'node:http'
import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import type { Admitted } from '../../messages/admittance.ts'
import { EventStream } from '../../messages/event-stream.ts'
import type { RelayParts } from '../relay-parts.ts'
import type { MessageCall } from './message-admission.ts'
import { subscriberEntry } from './subscriber-entry.ts'

/** docs/protocol/messages.md, "Receiving as a subscriber": Server-Sent Events, for curl and EventSource. */
export function subscribeStream(
  parts: RelayParts,
  call: MessageCall,
  opened: {
    readonly response: ServerResponse
    readonly entity: HybridConnection
    readonly admitted: Admitted
    readonly headers: Readonly<Record<string, string>>
  },
): void {
  const { response, entity, admitted, headers } = opened
  const { remote, isPrivate, trackingId } = call
  const entry = subscriberEntry(parts, call, { entity, admitted })
  const subscriber = new EventStream({
    response,
    headers,
    source: { remote, isPrivate, trackingId },
    admitted,
    onClosing: () => entry.messages.flush(),
    onClosed: (closed, end) => {
      parts.messages.removeStream(closed)
      entry.onClosed(closed, end)
    },
  })
  entry.messages.addStream(subscriber)
  parts.messages.addStream(subscriber)
}
