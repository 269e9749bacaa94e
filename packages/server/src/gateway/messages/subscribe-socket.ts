import { formatSwitchingProtocols } from '@postern/websocket'
import { webSocketCredential } from '../../auth/credential.ts'
import { SubscriberSocket } from '../../messages/subscriber-socket.ts'
import type { Call } from '../call.ts'
import { firstProtocol, type UpgradedSocket } from '../listen.ts'
import type { RelayParts } from '../relay-parts.ts'
import { admitMessages, type MessageCall } from './message-admission.ts'
import { subscriberEntry } from './subscriber-entry.ts'

/** docs/protocol/messages.md, "Receiving as a subscriber": a WebSocket that only receives. */
export function subscribeSocket(parts: RelayParts, called: Call, upgraded: UpgradedSocket): void {
  const call: MessageCall = { ...called, action: 'subscribe' }
  const { trackingId, address, remote, scope, isPrivate } = call
  const { socket, head, upgrade } = upgraded
  admitMessages(parts, call, {
    credential: webSocketCredential(call.request.headers, call.target),
    refuse: (why) =>
      parts.refusals.refuseUpgrade(socket, { ...why, stage: 'subscribe', trackingId, address, remote, scope }),
    goOn: (entity, admitted) => {
      socket.write(formatSwitchingProtocols({ key: upgrade.key, ...firstProtocol(upgrade) }), 'latin1')
      const entry = subscriberEntry(parts, call, { entity, admitted })
      const subscriber = new SubscriberSocket({
        stream: socket,
        head,
        source: { remote, isPrivate, trackingId },
        admitted,
        onClosing: () => entry.messages.flush(),
        onClosed: (closed, end) => {
          parts.keepAlive.delete(closed)
          entry.onClosed(closed, end)
        },
      })
      entry.messages.addSocket(subscriber)
      parts.keepAlive.add(subscriber)
    },
  })
}
