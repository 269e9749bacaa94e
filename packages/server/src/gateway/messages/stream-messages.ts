import { formatSwitchingProtocols } from '@postern/websocket'
import { webSocketCredential } from '../../auth/credential.ts'
import { entityKey, type HybridConnection } from '../../domain/hybrid-connection.ts'
import { readListenerFilter } from '../../listeners/listener-choice.ts'
import type { Admitted } from '../../messages/admittance.ts'
import { StreamingSender } from '../../messages/streaming-sender.ts'
import { firstProtocol, type UpgradedSocket } from '../listen.ts'
import type { RelayParts } from '../relay-parts.ts'
import { admitMessages, type MessageCall } from './message-admission.ts'
import { MessagePeerRecords } from './message-peer-records.ts'
import { streamedMessageSource } from './message-source.ts'

type SendingCall = MessageCall & { readonly action: 'send' | 'publish' }

/** docs/protocol/messages.md, "Sending many": each message of the WebSocket is one to send or publish. */
export function streamMessages(parts: RelayParts, call: SendingCall, upgraded: UpgradedSocket): void {
  const { trackingId, address, remote, scope, action } = call
  admitMessages(parts, call, {
    credential: webSocketCredential(call.request.headers, call.target),
    refuse: (why) =>
      parts.refusals.refuseUpgrade(upgraded.socket, { ...why, stage: action, trackingId, address, remote, scope }),
    goOn: (entity, admitted) => open(parts, call, { ...upgraded, entity, admitted }),
  })
}

function open(
  parts: RelayParts,
  call: SendingCall,
  upgraded: UpgradedSocket & { readonly entity: HybridConnection; readonly admitted: Admitted },
): void {
  const { entity, admitted, socket, head, upgrade } = upgraded
  const { action, remote, isPrivate, trackingId, address, scope } = call
  const text = streamedMessageSource(call, 'text/plain; charset=utf-8')
  const binary = streamedMessageSource(call, 'application/octet-stream')
  if (text === undefined || binary === undefined) {
    parts.load.leave(entity.namespace)
    const refusal = { stage: action, trackingId, address, remote, scope, principal: admitted.principal }
    parts.refusals.refuseUpgrade(socket, { ...refusal, code: 'RequestHeaderTooLarge' })
    return
  }
  socket.write(formatSwitchingProtocols({ key: upgrade.key, ...firstProtocol(upgrade) }), 'latin1')
  const key = entityKey(entity.namespace, entity.name)
  const counters = parts.counters.entity(entity.namespace, entity.name)
  const records = new MessagePeerRecords(parts, call, admitted)
  const messages = parts.messages.entity(entity)
  const filter = readListenerFilter(call.request.headers)
  const sender = new StreamingSender({
    stream: socket,
    head,
    action,
    maxMessageBytes: parts.limits.maxMessageBytes,
    source: { remote, isPrivate, trackingId },
    admitted,
    take: (kind, body) => messages.take({ delivery: action, source: kind === 'text' ? text : binary, body, filter }),
    onClosed: (closed, end) => {
      parts.messages.removeSender(key, closed)
      parts.keepAlive.delete(closed)
      parts.load.leave(entity.namespace)
      counters.activeStreamingSenders -= 1
      records.onClosed(end, end.deliveries)
    },
  })
  counters.activeStreamingSenders += 1
  parts.messages.addSender(key, sender)
  parts.keepAlive.add(sender)
}
