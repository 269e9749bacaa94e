import { randomUUID } from 'node:crypto'
import type { DialedConnection, RelayDial, RelayDialer } from '@postern/carrier'
import {
  type ErrorCode,
  encodeAccept,
  endpointOfMetadata,
  formatEndpoint,
  formatRendezvousAddress,
  parseEndpoint,
  RelayError,
  toConnectHeaders,
} from '@postern/protocol'
import { formatSwitchingProtocols, type KeepAlive } from '@postern/websocket'
import { allowsAction, entityKey, type HybridConnection } from '../domain/hybrid-connection.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import type { ChannelDependant, ControlChannel } from '../listeners/control-channel.ts'
import { type ListenerFilter, readListenerFilter } from '../listeners/listener-choice.ts'
import type { ListenerRegistry } from '../listeners/listener-registry.ts'
import type { Offer, OfferBook } from '../rendezvous/offer-book.ts'
import type { AcceptHolder, RelayHolders, RendezvousSocket } from '../rendezvous/rendezvous-socket.ts'
import { ListenerConnection } from './listener-connection.ts'

/** What the relay meets listeners with. */
export interface OfferDialerParts {
  readonly listeners: ListenerRegistry
  readonly offers: OfferBook<RelayHolders>
  readonly keepAlive: KeepAlive
  readonly acceptTimeoutMs: number
}

export interface OfferDialerOptions {
  readonly parts: OfferDialerParts
  /** Of the hybrid connection, also where there is none. */
  readonly name: string
  /** As it is now; undefined when there is none. */
  readonly findEntity: () => HybridConnection | undefined
  /** Hears of each connection that a listener accepted. */
  readonly onConnected: (connection: ListenerConnection) => void
}

/** The relay itself as a sender: meets listeners of one hybrid connection without a socket of its own. */
export class OfferDialer implements RelayDialer {
  readonly #options: OfferDialerOptions

  constructor(options: OfferDialerOptions) {
    this.#options = options
  }

  connectRaw(dial: RelayDial = {}): Promise<DialedConnection> {
    const { signal } = dial
    if (signal?.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const attempt = new OfferAttempt({
        ...this.#options,
        dial,
        onSettled: (outcome) => {
          signal?.removeEventListener('abort', onAbort)
          if (outcome instanceof ListenerConnection) {
            this.#options.onConnected(outcome)
            resolve(outcome)
          } else {
            reject(outcome)
          }
        },
      })
      const onAbort = (): void => attempt.cancel(signal?.reason)
      signal?.addEventListener('abort', onAbort)
      attempt.start()
    })
  }
}

interface OfferAttemptOptions extends OfferDialerOptions {
  readonly dial: RelayDial
  readonly onSettled: (outcome: ListenerConnection | Error) => void
}

/** One offer after the other until a listener accepts or rejects; one that is lost meanwhile is replaced by another one. */
class OfferAttempt implements AcceptHolder, ChannelDependant {
  readonly #options: OfferAttemptOptions
  readonly #trackingId = `${randomUUID()}_G0`
  readonly #filter: ListenerFilter
  readonly #lost = new Set<ControlChannel>()
  readonly #deadlineMs: number
  #channel: ControlChannel | undefined
  #offer: Offer<AcceptHolder> | undefined
  #isDone = false

  constructor(options: OfferAttemptOptions) {
    this.#options = options
    const { dial, parts } = options
    this.#filter = readListenerFilter(lowerNames(dial.headers))
    this.#deadlineMs = Date.now() + Math.min(dial.timeoutMs ?? parts.acceptTimeoutMs, parts.acceptTimeoutMs)
  }

  start(): void {
    const { parts, findEntity, dial } = this.#options
    if (this.#isDone) return
    const entity = findEntity()
    if (!entity) return this.#failUnknown()
    if (!allowsAction(entity, 'connect')) return this.#fail('ActionDisabled')
    const key = entityKey(entity.namespace, entity.name)
    const channel = parts.listeners.choose(key, this.#filter, this.#lost)
    if (channel === 'none-matches') return this.#fail('NoListenerMatches')
    if (channel === 'none-connected') return this.#fail(this.#lost.size > 0 ? 'ListenerLost' : 'NoListenersConnected')
    const lifetimeMs = Math.max(this.#deadlineMs - Date.now(), 0)
    const offer = parts.offers.open('accept', { entity: key, holder: this, lifetimeMs })
    if (!offer) return this.#fail('TooManyPendingOffers')
    this.#offer = offer
    this.#channel = channel
    channel.watch(this)
    channel.send(
      encodeAccept({
        address: formatRendezvousAddress({
          origin: channel.origin,
          rawPath: `/${encodeURI(entity.name)}`,
          rawQuery: '',
          action: 'accept',
          id: offer.id,
        }),
        id: offer.id,
        connectHeaders: connectHeaders(dial, channel.target === undefined ? undefined : entity),
        remoteEndpoint: endpointOf(dial.client),
      }),
    )
  }

  cancel(reason: unknown): void {
    this.#settle(reason instanceof Error ? reason : new RelayError('SenderGone'))
  }

  onChannelLost(): void {
    if (this.#channel) this.#lost.add(this.#channel)
    this.#withdraw()
    this.start()
  }

  onExpired(): void {
    this.#fail('AcceptTimeout')
  }

  onWithdrawn(): void {
    this.#failUnknown()
  }

  onRejected(status: number, description: string): void {
    const httpStatus = status >= 400 && status <= 599 ? status : 400
    this.#settle(new RelayError('ListenerRejected', { message: description, httpStatus, trackingId: this.#trackingId }))
  }

  onAccepted({ socket, head, upgrade }: RendezvousSocket): void {
    if (this.#isDone) return
    const [chosen] = upgrade.protocols
    const protocol = this.#options.dial.protocols?.find((offered) => offered === chosen)
    socket.write(formatSwitchingProtocols({ key: upgrade.key, ...(protocol !== undefined && { protocol }) }), 'latin1')
    const { keepAlive } = this.#options.parts
    const listenerId = this.#channel?.id ?? ''
    this.#settle(
      new ListenerConnection({ socket, head, protocol, keepAlive, listenerId, trackingId: this.#trackingId }),
    )
  }

  #failUnknown(): void {
    const message = `The namespace has no hybrid connection ${this.#options.name}`
    this.#settle(new RelayError('EndpointNotFound', { message, trackingId: this.#trackingId }))
  }

  #fail(code: ErrorCode): void {
    this.#settle(new RelayError(code, { trackingId: this.#trackingId }))
  }

  #settle(outcome: ListenerConnection | Error): void {
    if (this.#isDone) {
      if (outcome instanceof ListenerConnection) outcome.abort()
      return
    }
    this.#isDone = true
    this.#withdraw()
    this.#options.onSettled(outcome)
  }

  #withdraw(): void {
    if (this.#offer) this.#options.parts.offers.cancel(this.#offer)
    this.#channel?.unwatch(this)
    this.#offer = undefined
    this.#channel = undefined
  }
}

/** Carriers that are dialed ahead are wanted by the relay itself. */
function endpointOf(client: string | undefined): RemoteEndpoint {
  const endpoint = client === undefined ? undefined : parseEndpoint(client)
  return endpoint ? { address: endpoint.host, port: endpoint.port } : { address: '127.0.0.1', port: 0 }
}

/** What a listener sees of the relay as a sender. The endpoint goes to listeners of ours alone, who ask for it. */
function connectHeaders(
  { headers = {}, protocols = [] }: RelayDial,
  entity: HybridConnection | undefined,
): Record<string, string> {
  const endpoint = endpointOfMetadata(entity?.userMetadata)
  const all = { ...headers, ...(protocols.length > 0 && { 'Sec-WebSocket-Protocol': protocols.join(', ') }) }
  return toConnectHeaders(Object.entries(all).flat(), {
    dropAuthorization: true,
    endpoint: endpoint && formatEndpoint(endpoint),
  })
}

function lowerNames(headers: RelayDial['headers'] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
