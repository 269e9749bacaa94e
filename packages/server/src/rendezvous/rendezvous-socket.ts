import type { Duplex } from 'node:stream'
import type { UpgradeRequest } from '@postern/websocket'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import type { OfferHolder } from './offer-book.ts'

/** A listener's socket that arrived at a rendezvous address and has not been answered yet. */
export interface RendezvousSocket {
  readonly socket: Duplex
  readonly head: Uint8Array
  readonly upgrade: UpgradeRequest
  readonly remote: RemoteEndpoint
}

/** A WebSocket sender that waits for its listener. */
export interface AcceptHolder extends OfferHolder {
  onAccepted(rendezvous: RendezvousSocket): void
  onRejected(status: number, description: string): void
}

/** An HTTP request whose listener wants, or must use, a socket of its own. */
export interface RequestHolder extends OfferHolder {
  onRendezvous(rendezvous: RendezvousSocket): void
}

/** The holders of an OfferBook, by kind. */
export interface RelayHolders {
  readonly accept: AcceptHolder
  readonly request: RequestHolder
}
