import { encodeClose, encodeFrame, formatSwitchingProtocols, Opcode } from '@postern/websocket'
import type { RendezvousSocket } from '../rendezvous/rendezvous-socket.ts'
import type { Arrival } from './call.ts'
import type { UpgradedSocket } from './listen.ts'
import { mayTry } from './network-admission.ts'
import type { RelayParts } from './relay-parts.ts'

/**
 * Hybrid Connections protocol, "Accepting the socket" and "Rejecting the socket": matches a listener's socket with the
 * offer that its address names. The address is the whole authorisation: it was sent to one listener only.
 */
export function acceptArrival(parts: RelayParts, arrival: Arrival, upgraded: UpgradedSocket): void {
  const { target, trackingId, address, remote } = arrival
  const refusal = { stage: 'accept', trackingId, address, remote }
  if (!mayArrive(parts, arrival)) {
    parts.refusals.refuseUpgrade(upgraded.socket, { ...refusal, code: 'AddressNotAllowed' })
    return
  }
  const offer = target.id === undefined ? undefined : parts.offers.claim('accept', target.id, target.path)
  if (offer === undefined) {
    parts.refusals.refuseUpgrade(upgraded.socket, { ...refusal, code: 'OfferUnknown' })
    return
  }
  parts.admit(upgraded.socket)
  if (target.statusCode === undefined) {
    offer.holder.onAccepted(rendezvousSocket(upgraded, arrival))
    return
  }
  offer.holder.onRejected(target.statusCode, target.statusDescription ?? '')
  parts.refusals.refuseUpgrade(upgraded.socket, { ...refusal, code: 'RejectCompleted' })
}

/**
 * Hybrid Connections protocol, "Responding via rendezvous". A refused handshake here ends the whole process of a
 * hyco-https listener (observed), so even an unknown address is answered with 101 and then CLOSE.
 */
export function requestArrival(parts: RelayParts, arrival: Arrival, upgraded: UpgradedSocket): void {
  const { target, trackingId, address, remote } = arrival
  // Every message to a listener has this address: there is no news in somebody who comes to it.
  if (target.id === parts.messages.rendezvousId) {
    closeAtOnce(upgraded, 1000, 'A message has no response.')
    return
  }
  const isKnown = target.id !== undefined && mayArrive(parts, arrival)
  const offer = isKnown ? parts.offers.claim('request', target.id, target.path) : undefined
  const rendezvous = rendezvousSocket(upgraded, arrival)
  if (offer !== undefined) {
    parts.admit(upgraded.socket)
    offer.holder.onRendezvous(rendezvous)
    return
  }
  parts.refusals.record({ code: 'OfferUnknown', stage: 'rendezvous', trackingId, address, remote })
  closeAtOnce(upgraded, 1008, `The address has expired. TrackingId:${trackingId}`)
}

function closeAtOnce({ socket, upgrade }: UpgradedSocket, code: number, reason: string): void {
  socket.on('error', () => socket.destroy())
  socket.write(formatSwitchingProtocols({ key: upgrade.key }), 'latin1')
  const close = encodeClose(code, reason)
  socket.end(encodeFrame(Opcode.close, close, { mask: false }), () => socket.destroy())
}

/** A rendezvous comes from where the listener may be; an address that leaked is no way around the network rules. */
function mayArrive(parts: RelayParts, { target, remote, isPrivate }: Arrival): boolean {
  const entity = target.id === undefined ? undefined : parts.offers.entityOf(target.id)
  const namespace = entity && parts.catalog.namespaceByName(entity.slice(0, entity.indexOf('/')))
  return namespace === undefined || mayTry(parts, { namespace, remote, isPrivate }, 'listen')
}

function rendezvousSocket(upgraded: UpgradedSocket, arrival: Arrival): RendezvousSocket {
  const { socket, head, upgrade } = upgraded
  return { socket, head, upgrade, remote: arrival.remote }
}
