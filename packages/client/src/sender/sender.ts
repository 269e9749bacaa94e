import { randomUUID } from 'node:crypto'
import { maxMessageBytes as defaultMaxMessageBytes } from '@postern/protocol'
import { KeepAlive } from '@postern/websocket'
import { DialFailure, dialRelay } from '../connection/dial-relay.ts'
import type { HandshakeRole } from '../connection/handshake-failure.ts'
import {
  type HybridConnectionUrlParts,
  hybridConnectionUrl,
  locateRelay,
  type RelayLocation,
  type RelayOptions,
} from '../connection/relay-options.ts'
import { RelayedConnection } from '../connection/relayed-connection.ts'
import {
  type MessageAction,
  type MessageBody,
  type MessageOptions,
  type MessageReceipt,
} from '../messages/message-options.ts'
import { MessageStream } from '../messages/message-stream.ts'
import { type MessageSource, postMessage } from '../messages/post-message.ts'
import { RelayedStream } from '../stream/relayed-stream.ts'

/** The relay gives the listener 30 s to accept; what it answers then is worth waiting for. */
const defaultTimeoutMs = 40_000

const defaultKeepAliveMs = 30_000

/** Options of {@link Sender}. */
export interface SenderOptions extends RelayOptions {
  /** Interval of PINGs on open connections, in ms; a relay that misses two is given up. Default 30 s. */
  readonly keepAliveIntervalMs?: number
}

/** Options of one connection. */
export interface ConnectOptions {
  /** More path below the hybrid connection, percent-encoded; the listener sees it. */
  readonly subPath?: string
  /** A query of our own, without `?`, percent-encoded; the listener sees it. */
  readonly query?: string
  /** Headers for the listener. */
  readonly headers?: Readonly<Record<string, string>>
  /** Subprotocols, the preferred one first. */
  readonly protocols?: readonly string[]
  /** Bound for everything until the listener has accepted, in ms. Default 40 s. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** Options of a stream of messages. */
export interface MessageStreamOptions
  extends Pick<ConnectOptions, 'timeoutMs' | 'signal'>,
    Pick<MessageOptions, 'suffix' | 'query' | 'maxMessageBytes'> {}

/**
 * Opens connections to the listeners of one hybrid connection, and sends it messages. It holds nothing open itself; tokens and the keep-alive
 * timer are shared by its connections.
 *
 * @example
 * const sender = new Sender({ connectionString: process.env.RELAY_CONNECTION_STRING })
 * const stream = await sender.connect()
 * socket.pipe(stream).pipe(socket)
 * @example
 * const { receivers } = await sender.publish('prices changed')
 */
export class Sender {
  readonly #relay: RelayLocation
  readonly #keepAlive: KeepAlive

  /** @throws {RelayError} InvalidConnectionString or InvalidConfiguration. */
  constructor(options: SenderOptions) {
    this.#relay = locateRelay(options)
    this.#keepAlive = new KeepAlive({ intervalMs: options.keepAliveIntervalMs ?? defaultKeepAliveMs, maxMissed: 2 })
  }

  /** Name of the authorization rule that tokens are signed with. */
  get keyName(): string | undefined {
    return this.#relay.tokenProvider?.keyName
  }

  /**
   * Connects to a listener.
   *
   * @throws {RelayError} NoListenersConnected, EndpointNotFound, a token's problem (401), AcceptTimeout,
   *   ListenerRejected with the status and text of the listener, ConnectTimeout, ConnectionFailed.
   */
  async connect(options: ConnectOptions = {}): Promise<RelayedStream> {
    return new RelayedStream(await this.connectRaw(options))
  }

  /** The same without a Node stream around it. */
  async connectRaw(options: ConnectOptions = {}): Promise<RelayedConnection> {
    const trackingId = randomUUID()
    const { subPath, query } = options
    const dialed = await this.#dial(options, { action: 'connect', role: 'sender', id: trackingId, subPath, query })
    const { socket, head, protocol } = dialed
    return new RelayedConnection({ socket, head, protocol, trackingId, keepAlive: this.#keepAlive })
  }

  /**
   * Sends one message to one receiver: a listener, or a subscriber when there is no listener. For many, {@link Sender.openMessages}.
   *
   * @param body at most 64 KiB; one that comes in pieces is read whole first.
   * @throws {RelayError} ActionDisabled, NoListenersForRequest, MessageTooLarge, TooManyMessages (with `retryAfterMs`), EndpointNotFound,
   *   a token's problem (401); ConnectionFailed or ConnectTimeout when the message did not leave; DeliveryUnknown when it did and no
   *   answer came; ProtocolViolation from a relay that knows no messages.
   */
  send(body: MessageBody | MessageSource, options: MessageOptions = {}): Promise<MessageReceipt> {
    return postMessage(this.#relay, 'send', body, options)
  }

  /**
   * Sends one message to every listener and subscriber. Nobody there is no error: `receivers` is 0 then.
   *
   * @param body as in {@link Sender.send}
   * @throws {RelayError} as {@link Sender.send}, without NoListenersForRequest.
   */
  publish(body: MessageBody | MessageSource, options: MessageOptions = {}): Promise<MessageReceipt> {
    return postMessage(this.#relay, 'publish', body, options)
  }

  /**
   * Opens a WebSocket for many messages.
   *
   * @throws {RelayError} what {@link Sender.send} is refused with at the door; ConnectTimeout, ConnectionFailed.
   */
  async openMessages(action: MessageAction, options: MessageStreamOptions = {}): Promise<MessageStream> {
    const { suffix: subPath, query, maxMessageBytes = defaultMaxMessageBytes } = options
    const { socket, head } = await this.#dial(options, { action, role: 'messages', id: randomUUID(), subPath, query })
    return new MessageStream({ socket, head, keepAlive: this.#keepAlive, maxMessageBytes })
  }

  async #dial(options: ConnectOptions, target: DialTarget): ReturnType<typeof dialRelay> {
    try {
      return await this.#attempt(options, target, false)
    } catch (thrown) {
      throw thrown instanceof DialFailure ? thrown.error : thrown
    }
  }

  async #attempt(options: ConnectOptions, target: DialTarget, fresh: boolean): ReturnType<typeof dialRelay> {
    const { audience, tokenProvider } = this.#relay
    const { headers, protocols, signal, timeoutMs = defaultTimeoutMs } = options
    const { role, action, id, subPath, query } = target
    const request = { audience, fresh, ...(signal && { signal }) }
    const token = await tokenProvider?.getToken(request)
    const url = hybridConnectionUrl(this.#relay, {
      action,
      id,
      ...(subPath !== undefined && { subPath }),
      ...(query !== undefined && { query }),
    })
    try {
      return await dialRelay(this.#relay, {
        url,
        role,
        timeoutMs,
        ...(headers && { headers }),
        ...(protocols && { protocols }),
        ...(token && { token: token.text }),
        ...(signal && { signal }),
      })
    } catch (thrown) {
      const isExpired = thrown instanceof DialFailure && thrown.error.code === 'TokenExpired'
      if (!isExpired || fresh || token?.renewAtMs === undefined) throw thrown
      return this.#attempt(options, target, true)
    }
  }
}

/** What is dialed, and as whom. */
interface DialTarget {
  readonly action: HybridConnectionUrlParts['action']
  readonly role: HandshakeRole
  readonly id: string
  readonly subPath: string | undefined
  readonly query: string | undefined
}

/** Options of {@link connect}. */
export interface ConnectOnceOptions extends SenderOptions, ConnectOptions {}

/**
 * Connects to a listener of a hybrid connection, for programs that need one connection; {@link Sender} for more.
 *
 * @throws {RelayError} as {@link Sender.connect}.
 * @example
 * const stream = await connect({
 *   connectionString: 'Endpoint=sb://localhost:8443/;SharedAccessKeyName=send;SharedAccessKey=...;EntityPath=demo',
 *   signal: AbortSignal.timeout(5_000),
 * })
 */
export async function connect(options: ConnectOnceOptions): Promise<RelayedStream> {
  return new Sender(options).connect(options)
}
