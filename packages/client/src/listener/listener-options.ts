import type { RelayError, TargetState } from '@postern/protocol'
import type { HandshakeTurns } from '../connection/handshake-turns.ts'
import type { RelayOptions } from '../connection/relay-options.ts'
import type { RelayedRequest } from '../requests/relayed-request.ts'
import type { RelayedResponse } from '../requests/relayed-response.ts'
import type { ConnectionRequest } from './connection-request.ts'
import type { RelayPulse } from './relay-pulse.ts'

/** Options of a Listener. */
export interface ListenerOptions extends RelayOptions {
  /**
   * Called for every sender that wants a connection; accept or reject it. When it throws before it has done either, the
   * sender is refused with 502. Without this handler every sender is refused with 501.
   */
  readonly onConnection?: (request: ConnectionRequest) => unknown
  /**
   * Called for every HTTP request. When it throws before the response has begun, the caller gets a 500. Without this
   * handler every caller gets a 501. Messages come here too: see {@link RelayedRequest.delivery}.
   */
  readonly onRequest?: (request: RelayedRequest, response: RelayedResponse) => unknown
  /** A GUID that names this listener to the relay. Default: a new one. */
  readonly id?: string
  /** Headers of the listen handshake, for relays that read some. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Declares that this listener leads to one target, and whether that answers: a relay of Postern's chooses listeners
   * whose target is down last, and tells the others by {@link ConnectionRequest.endpoint} where they lead. Other relays
   * do not know it.
   */
  readonly target?: TargetState
  /** Interval of PINGs on the control channel and open connections, in ms; after two misses it is dead. Default 30 s. */
  readonly keepAliveIntervalMs?: number
  /** Shared by the listeners of a program, it saves most of their questions to the relay. Default: one of its own. */
  readonly pulse?: RelayPulse
  /** Shared by the listeners of a program, it keeps hundreds of them from beginning all at once. Default: nobody waits. */
  readonly turns?: HandshakeTurns
  /** Bound for the whole listen handshake, in ms. Default 10 s: a relay under load delays refusals on purpose. */
  readonly handshakeTimeoutMs?: number
  /** Dice of the reconnect delays, a number in [0, 1). Default `Math.random`. */
  readonly random?: () => number
}

/** Events of a Listener, with their arguments. */
export interface ListenerEvents {
  /** An attempt to reach the relay begins; the number counts from 1 since the last success. */
  connecting: [attempt: number]
  /** The relay sends senders to us from now on. */
  online: []
  /** The control channel could not be opened, or was lost; the next attempt follows after `retryInMs`. */
  offline: [error: RelayError, retryInMs: number]
  /** Something went wrong that the listener survives: a sender that went away, a handler that threw. */
  problem: [error: Error]
  /** `close` was called, or the first attempt of `open` was hopeless. Nothing follows. */
  closed: []
}

/** Where a Listener is in its life. */
export type ListenerState = 'idle' | 'connecting' | 'online' | 'offline' | 'closed'
