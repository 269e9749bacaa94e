import { randomUUID } from 'node:crypto'
import { KeepAlive } from '@postern/websocket'
import { DialFailure, dialRelay } from '../connection/dial-relay.ts'
import { hybridConnectionUrl, locateRelay, type RelayLocation, type RelayOptions } from '../connection/relay-options.ts'
import { RelayedConnection } from '../connection/relayed-connection.ts'
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

/**
 * Opens connections to the listeners of one hybrid connection. It holds nothing open itself; tokens and the keep-alive
 * timer are shared by its connections.
 *
 * @example
 * const sender = new Sender({ connectionString: process.env.RELAY_CONNECTION_STRING })
 * const stream = await sender.connect()
 * socket.pipe(stream).pipe(socket)
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
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
    const trackingId = randomUUID()
    try {
      const { socket, head, protocol } = await this.#dial(options, trackingId, timeoutMs, false)
      return new RelayedConnection({ socket, head, protocol, trackingId, keepAlive: this.#keepAlive })
    } catch (thrown) {
      throw thrown instanceof DialFailure ? thrown.error : thrown
    }
  }

  async #dial(options: ConnectOptions, id: string, timeoutMs: number, fresh: boolean): ReturnType<typeof dialRelay> {
    const { audience, tokenProvider } = this.#relay
    const { subPath, query, headers, protocols, signal } = options
    const request = { audience, fresh, ...(signal && { signal }) }
    const token = await tokenProvider?.getToken(request)
    const url = hybridConnectionUrl(this.#relay, {
      action: 'connect',
      id,
      ...(subPath !== undefined && { subPath }),
      ...(query !== undefined && { query }),
    })
    try {
      return await dialRelay(this.#relay, {
        url,
        role: 'sender',
        timeoutMs,
        ...(headers && { headers }),
        ...(protocols && { protocols }),
        ...(token && { token: token.text }),
        ...(signal && { signal }),
      })
    } catch (thrown) {
      const isExpired = thrown instanceof DialFailure && thrown.error.code === 'TokenExpired'
      if (!isExpired || fresh || token?.renewAtMs === undefined) throw thrown
      return this.#dial(options, id, timeoutMs, true)
    }
  }
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
