import {
  encodeAccept,
  endpointOfMetadata,
  formatEndpoint,
  formatRendezvousAddress,
  maxHeaderJsonBytes,
  toConnectHeaders,
} from '@postern/protocol'
import { formatSwitchingProtocols, type UpgradeRequest } from '@postern/websocket'
import { type Principal, principalName } from '../auth/decision.ts'
import { type EntityKey, entityKey, type HybridConnection } from '../domain/hybrid-connection.ts'
import type { ChannelDependant, ControlChannel } from '../listeners/control-channel.ts'
import { type ListenerFilter, readListenerFilter } from '../listeners/listener-choice.ts'
import { type RelayEnd, RelayedConnection } from '../relay/relayed-connection.ts'
import type { Offer } from '../rendezvous/offer-book.ts'
import type { AcceptHolder, RendezvousSocket } from '../rendezvous/rendezvous-socket.ts'
import type { EntityCounters } from '../telemetry/counters.ts'
import { toLogText } from '../telemetry/log-text.ts'
import { streamRecord } from './audit-records.ts'
import type { Call } from './call.ts'
import type { UpgradedSocket } from './listen.ts'
import type { Refusal } from './refusals.ts'
import type { RelayParts } from './relay-parts.ts'

/** Bytes that a sender may send before its handshake is answered; a correct one sends none. */
const maxEarlyBytes = 65_536

export interface SenderConnectOptions {
  readonly parts: RelayParts
  readonly call: Call
  readonly entity: HybridConnection
  readonly upgraded: UpgradedSocket
  readonly principal: Principal
  /** The Authorization header was the credential, so the listener must not see it. */
  readonly dropAuthorization: boolean
}

/**
 * One sender's connect, from its authorised upgrade until it is joined or refused: an offer, an accept message, and the
 * wait for the listener's rendezvous. A listener that is lost meanwhile is replaced by another one.
 */
export class SenderConnect implements AcceptHolder, ChannelDependant {
  readonly #options: SenderConnectOptions
  readonly #entityKey: EntityKey
  readonly #counters: EntityCounters
  readonly #filter: ListenerFilter
  readonly #lost = new Set<ControlChannel>()
  readonly #deadlineMs: number
  readonly #early: Uint8Array[]
  #earlyBytes: number
  #channel: ControlChannel | undefined
  #offer: Offer<AcceptHolder> | undefined
  #done = false

  constructor(options: SenderConnectOptions) {
    this.#options = options
    const { entity, parts, upgraded, call } = options
    this.#entityKey = entityKey(entity.namespace, entity.name)
    this.#counters = parts.counters.entity(entity.namespace, entity.name)
    this.#filter = readListenerFilter(call.request.headers)
    this.#deadlineMs = Date.now() + parts.limits.acceptTimeoutMs
    this.#early = upgraded.head.length > 0 ? [upgraded.head] : []
    this.#earlyBytes = upgraded.head.length
  }

  start(): void {
    const { socket } = this.#options.upgraded
    socket.on('data', this.#onEarlyData)
    socket.on('end', this.#onSenderGone)
    socket.on('error', this.#onSenderGone)
    socket.on('close', this.#onSenderGone)
    this.#offerToListener()
  }

  onChannelLost(): void {
    if (this.#channel) this.#lost.add(this.#channel)
    this.#withdraw()
    this.#offerToListener()
  }

  onExpired(): void {
    this.#refuse({ code: 'AcceptTimeout' })
  }

  onWithdrawn(code: 'EndpointNotFound' | 'ActionDisabled'): void {
    this.#refuse({ code })
  }

  /** Hybrid Connections protocol, "Rejecting the socket": status and description flow back to the sender. */
  onRejected(status: number, description: string): void {
    const httpStatus = status >= 400 && status <= 599 ? status : 400
    this.#refuse({ code: 'ListenerRejected', status: httpStatus, message: description })
  }

  onAccepted(rendezvous: RendezvousSocket): void {
    if (this.#done) return
    const joined = { listener: this.#channel?.id ?? '', atMs: performance.now() }
    this.#finish()
    const { parts, upgraded, call } = this.#options
    const protocol = agreedProtocol(upgraded.upgrade, rendezvous.upgrade)
    const deflate = upgraded.upgrade.offersDeflate && rendezvous.upgrade.offersDeflate
    const agreed = { ...(protocol && { protocol }), ...(deflate && { extensions: 'permessage-deflate' }) }
    rendezvous.socket.write(formatSwitchingProtocols({ key: rendezvous.upgrade.key, ...agreed }), 'latin1')
    upgraded.socket.write(formatSwitchingProtocols({ key: upgraded.upgrade.key, ...agreed }), 'latin1')
    const connection = new RelayedConnection({
      sender: { socket: upgraded.socket, head: Buffer.concat(this.#early) },
      listener: { socket: rendezvous.socket, head: rendezvous.head },
      counters: this.#counters,
      keepAlive: parts.keepAlive,
      allowRsv1: deflate,
      bufferBytes: parts.limits.relayBufferBytes,
      buffers: parts.connections.buffers,
      onEnd: (end) => this.#onRelayEnd(connection, end, joined),
    })
    const { remote, isPrivate } = call
    parts.connections.add(this.#entityKey, connection, { remote, isPrivate })
    this.#counters.senderConnectionsSuccess += 1
    parts.log.debug('relay.joined', {
      trackingId: call.trackingId,
      entity: this.#entityKey,
      principal: principalName(this.#options.principal),
      remote: call.remote.address,
    })
    connection.start()
  }

  #offerToListener(): void {
    if (this.#done) return
    const { parts, call, upgraded } = this.#options
    const channel = parts.listeners.choose(this.#entityKey, this.#filter, this.#lost)
    if (channel === 'none-matches') return this.#refuse({ code: 'NoListenerMatches' })
    if (channel === 'none-connected') {
      return this.#refuse({ code: this.#lost.size > 0 ? 'ListenerLost' : 'NoListenersConnected' })
    }
    const lifetimeMs = Math.max(this.#deadlineMs - Date.now(), 0)
    const offer = parts.offers.open('accept', { entity: this.#entityKey, holder: this, lifetimeMs })
    if (offer === undefined) return this.#refuse({ code: 'TooManyPendingOffers' })
    this.#offer = offer
    const message = encodeAccept({
      address: formatRendezvousAddress({
        origin: channel.origin,
        rawPath: call.target.rawPath,
        rawQuery: call.target.rawQuery,
        action: 'accept',
        id: offer.id,
        escapesEquals: channel.isJava,
      }),
      id: listenerTrackingId(call, offer.id),
      connectHeaders: toConnectHeaders(call.request.rawHeaders, {
        dropAuthorization: this.#options.dropAuthorization,
        endpoint: channel.target === undefined ? undefined : this.#endpoint(),
      }),
      remoteEndpoint: { address: call.remote.address, port: call.remote.port },
    })
    if (Buffer.byteLength(message) > maxHeaderJsonBytes) return this.#refuse({ code: 'RequestHeaderTooLarge' })
    this.#channel = channel
    channel.watch(this)
    channel.send(message)
    upgraded.socket.resume()
  }

  /** As it is now: this sender may have waited for another listener before. */
  #endpoint(): string | undefined {
    const { parts, entity } = this.#options
    const current = parts.catalog.find(entity.namespace, entity.name)?.entity ?? entity
    const endpoint = endpointOfMetadata(current.userMetadata)
    return endpoint && formatEndpoint(endpoint)
  }

  #onEarlyData = (chunk: Uint8Array): void => {
    this.#early.push(chunk)
    this.#earlyBytes += chunk.length
    if (this.#earlyBytes > maxEarlyBytes) this.#refuse({ code: 'RequestMalformed' })
  }

  #onSenderGone = (): void => {
    if (this.#done) return
    const { parts, upgraded } = this.#options
    this.#finish()
    upgraded.socket.destroy()
    parts.load.leave(this.#options.entity.namespace)
    this.#counters.senderConnectionsClientError += 1
    parts.refusals.record({ code: 'SenderGone', ...this.#refused() })
  }

  #refuse(refusal: Pick<Refusal, 'code' | 'message' | 'status'>): void {
    if (this.#done) return
    this.#finish()
    const { parts, upgraded, entity } = this.#options
    parts.load.leave(entity.namespace)
    if (refusal.code === 'ListenerRejected') this.#counters.senderConnectionsClientError += 1
    else this.#counters.senderConnectionsServerError += 1
    parts.refusals.refuseUpgrade(upgraded.socket, { ...refusal, ...this.#refused() })
  }

  #refused(): Omit<Refusal, 'code'> {
    const { call, principal } = this.#options
    const { trackingId, address, remote, scope } = call
    return { stage: 'connect', trackingId, address, remote, scope, principal, wasAllowed: true }
  }

  #withdraw(): void {
    if (this.#offer) this.#options.parts.offers.cancel(this.#offer)
    this.#channel?.unwatch(this)
    this.#offer = undefined
    this.#channel = undefined
  }

  #finish(): void {
    this.#done = true
    this.#withdraw()
    const { socket } = this.#options.upgraded
    socket.off('data', this.#onEarlyData)
    socket.off('end', this.#onSenderGone)
    socket.off('error', this.#onSenderGone)
    socket.off('close', this.#onSenderGone)
    socket.pause()
  }

  #onRelayEnd(
    connection: RelayedConnection,
    end: RelayEnd,
    joined: { readonly listener: string; readonly atMs: number },
  ): void {
    const { parts, call, entity, principal } = this.#options
    parts.connections.remove(this.#entityKey, connection)
    parts.load.leave(entity.namespace)
    this.#counters.senderDisconnects += 1
    const reason = toLogText(end.reason)
    parts.log.debug('relay.closed', { trackingId: call.trackingId, entity: this.#entityKey, ...end, reason })
    const target = endpointOfMetadata(entity.userMetadata)
    const stream = {
      listener: joined.listener,
      ...(target && { target: formatEndpoint(target) }),
      bytesFromSender: end.bytesFromSender,
      bytesFromListener: end.bytesFromListener,
      durationMs: Math.round(performance.now() - joined.atMs),
      closeReason: `${end.by}: ${reason}`,
    }
    parts.audit.record(streamRecord({ call, action: 'connect', principal }, { isWhole: end.clean, stream }))
  }
}

/** The sender's own id when it is a GUID (the Java client wants one first), so that both ends trace the same one. */
function listenerTrackingId(call: Call, offerId: string): string {
  const guidFirst = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/i
  return guidFirst.test(call.trackingId) ? call.trackingId : offerId
}

/** The first value of the listener's accept handshake, if the sender offered it (observed). */
function agreedProtocol(sender: UpgradeRequest, listener: UpgradeRequest): string | undefined {
  const [chosen] = listener.protocols
  return chosen !== undefined && sender.protocols.includes(chosen) ? chosen : undefined
}
