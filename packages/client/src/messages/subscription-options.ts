import type { RelayError } from '@postern/protocol'
import type { RelayOptions } from '../connection/relay-options.ts'

/** A message that a subscriber was given. */
export interface ReceivedMessage {
  /** Text (`text/*`, JSON, XML), or bytes. */
  readonly data: string | Uint8Array
  /** When it arrived here, in ms since 1970. */
  readonly receivedAtMs: number
  /** Why messages between the one before and this one may have been lost; undefined when none was. */
  readonly loss?: MessageLoss
}

/** Messages that were published may not have arrived, and will not. */
export interface MessageLoss {
  /**
   * `slow`: the relay had too much waiting for us and closed the channel. `away`: the channel was lost or closed for another reason; what
   * was published until the next one opened is gone.
   */
  readonly reason: 'slow' | 'away'
  /** How the channel ended. */
  readonly error: RelayError
}

/** Options of a Subscription. */
export interface SubscribeOptions extends RelayOptions {
  /** Ends the subscription: the loop over it throws the signal's reason. */
  readonly signal?: AbortSignal
  /**
   * Bytes of messages that may wait for a consumer that is slow; then nothing more is read, and what the relay cannot write is lost:
   * see {@link ReceivedMessage.loss}. Default 1 MiB.
   */
  readonly maxQueuedBytes?: number
  /** Longest message that is taken. Default 1 MiB; a relay sends 64 KiB at most unless it was told otherwise. */
  readonly maxMessageBytes?: number
  /** Interval of PINGs, in ms; after two misses the channel is dead. Default 30 s. */
  readonly keepAliveIntervalMs?: number
  /** Bound for the whole handshake, in ms. Default 10 s: a relay under load delays refusals on purpose. */
  readonly handshakeTimeoutMs?: number
  /** Dice of the reconnect delays, a number in [0, 1). Default `Math.random`. */
  readonly random?: () => number
}

/** Events of a Subscription, with their arguments. */
export interface SubscriptionEvents {
  /** An attempt to reach the relay begins; the number counts from 1 since the last success. */
  connecting: [attempt: number]
  /** What is published from now on arrives. */
  online: []
  /** The channel could not be opened, or was lost; the next attempt follows after `retryInMs`. */
  offline: [error: RelayError, retryInMs: number]
  /** Messages may have been lost: at once, whereas the loop learns it with the next message. */
  lost: [loss: MessageLoss]
  /** It is over. Nothing follows. */
  closed: []
}
