import type { CarrierConnection } from '../carrier-runner.ts'
import type { TunnelConnection } from './tunnel-connection.ts'

/** How one relayed connection is dialed. */
export interface RelayDial {
  /** Headers for relay and listener. */
  readonly headers?: Readonly<Record<string, string>>
  /** Subprotocols, the preferred one first. */
  readonly protocols?: readonly string[]
  /** Bound for everything until the listener has accepted, in ms; the dialer has a default. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Who wants it, as `host:port`: what listeners are told where the dialer is a relay. Of a carrier, who wanted it first. */
  readonly client?: string | undefined
}

/** A relayed connection of its own, or one that becomes a carrier: RelayedConnection of `@postern/client` is one. */
export type DialedConnection = TunnelConnection & CarrierConnection

/** Opens relayed connections to the listeners of one hybrid connection: Sender of `@postern/client`, or a relay itself. */
export interface RelayDialer {
  /**
   * Connects to a listener.
   *
   * @throws {RelayError} NoListenersConnected (404), EndpointNotFound (404), ListenerRejected with the listener's status and
   *   text, AcceptTimeout, and what else the dialer knows; the signal's reason when it was aborted.
   */
  connectRaw(options?: RelayDial): Promise<DialedConnection>
}
