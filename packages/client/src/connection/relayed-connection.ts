import type { Duplex } from 'node:stream'
import { RelayError } from '@postern/protocol'
import { type KeepAlive, type KeepAlivePeer, WebSocketEndpoint } from '@postern/websocket'

/** What one end of a relayed connection has to say; calls come in the order of the methods, `onClosed` exactly once. */
export interface RelayedConnectionHandler {
  /** Bytes have arrived; they are there during the call only. */
  onData(chunk: Uint8Array): void
  /** The peer has said that nothing more comes from it. We may go on sending. */
  onEof(): void
  /** {@link RelayedConnection.send} has answered false before, and what it took is on its way now. */
  onDrain(): void
  /** Everything is over. Without an error both directions came to their end and not a byte is missing. */
  onClosed(error: RelayError | undefined): void
}

/** What {@link RelayedConnection} is made from. */
export interface RelayedConnectionOptions {
  readonly socket: Duplex
  /** Bytes that arrived together with the handshake's answer. */
  readonly head: Uint8Array
  /** The id under which relay and peer have logged this connection. */
  readonly trackingId: string
  /** The subprotocol that both ends have agreed on. */
  readonly protocol: string | undefined
  /** Finds a relay that is silent for good. */
  readonly keepAlive: KeepAlive
}

/** Said with the CLOSE that ends one direction (observed: what .NET and azbridge say, and expect). */
const endOfDirection = { code: 1000, reason: 'Shutdown' } as const

/** CLOSE codes by which a peer says that it has sent all it wanted; 1005 stands for a CLOSE without a code. */
const cleanCloseCodes = new Set<number | undefined>([undefined, 1000, 1005])

/**
 * One end of a relayed connection as a plain byte pipe with handlers instead of events: what forwarders use, and what
 * RelayedStream is made of. Nothing is read before {@link RelayedConnection.open}.
 *
 * Each direction ends by itself (half-close): a CLOSE 1000 says "no more bytes from me" and leaves the other direction
 * open, as .NET's and azbridge's streams do. A cut connection is never reported as an end.
 */
export class RelayedConnection {
  readonly trackingId: string
  readonly protocol: string | undefined
  readonly #endpoint: WebSocketEndpoint
  readonly #keepAlive: KeepAlive
  readonly #keepAlivePeer: KeepAlivePeer
  #handler: RelayedConnectionHandler | undefined
  #outcome: { error: RelayError | undefined } | undefined
  #localEnded = false
  #peerEnded = false
  #silent = false
  #peerProblem: RelayError | undefined

  constructor({ socket, head, trackingId, protocol, keepAlive }: RelayedConnectionOptions) {
    this.trackingId = trackingId
    this.protocol = protocol
    this.#keepAlive = keepAlive
    this.#endpoint = new WebSocketEndpoint({
      stream: socket,
      head,
      role: 'client',
      allowHalfClose: true,
      lends: true,
      handler: {
        onMessageStart: ignore,
        onMessageData: (chunk) => this.#handler?.onData(chunk),
        onMessageEnd: ignore,
        onCloseFrame: (code, reason) => this.#onPeerClose(code, reason),
        onDrain: () => this.#handler?.onDrain(),
        onEnd: ({ clean, error }) => this.#onEnd(clean, error),
      },
    })
    this.#endpoint.pause()
    const endpoint = this.#endpoint
    this.#keepAlivePeer = {
      get bytesReceived() {
        return endpoint.bytesReceived
      },
      get isPaused() {
        return endpoint.isPaused
      },
      ping: () => endpoint.ping(),
      onSilent: () => {
        this.#silent = true
        endpoint.abort()
      },
    }
    keepAlive.add(this.#keepAlivePeer)
  }

  /** Bytes that were sent and have not reached the operating system yet. */
  get bufferedBytes(): number {
    return this.#endpoint.bufferedBytes
  }

  /** Payload and framing bytes from the peer. */
  get bytesReceived(): number {
    return this.#endpoint.bytesReceived
  }

  /** Payload and framing bytes to the peer. */
  get bytesSent(): number {
    return this.#endpoint.bytesSent
  }

  /** True when both directions are over, by agreement or not. */
  get isClosed(): boolean {
    return this.#outcome !== undefined
  }

  /** Names who hears about everything from now on, and begins to read. */
  open(handler: RelayedConnectionHandler): void {
    this.#handler = handler
    if (this.#outcome) queueMicrotask(() => handler.onClosed(this.#outcome?.error))
    else this.#endpoint.resume()
  }

  /**
   * Sends bytes as one binary message; they are copied. An empty chunk is not sent: .NET's streams read it as an end.
   *
   * @returns false when the bytes wait in memory: send no more until `onDrain`.
   */
  send(bytes: Uint8Array): boolean {
    if (this.#localEnded || this.#outcome || bytes.length === 0) return true
    return this.#endpoint.sendBinary(bytes)
  }

  /** Lends memory for {@link RelayedConnection.sendLent}. */
  lend(): Uint8Array {
    return this.#endpoint.lend()
  }

  /**
   * Sends the first `length` bytes of what was lent as one binary message; it is not the caller's any more.
   *
   * @returns false when the bytes wait in memory: send no more until `onDrain`.
   */
  sendLent(lent: Uint8Array, length: number): boolean {
    const isOver = this.#localEnded || this.#outcome !== undefined
    return this.#endpoint.sendLent(lent, isOver ? 0 : length)
  }

  /** Says that nothing more comes from us. Bytes of the peer still arrive. */
  end(): void {
    if (this.#localEnded || this.#outcome) return
    this.#localEnded = true
    this.#endpoint.close(endOfDirection.code, endOfDirection.reason)
  }

  /**
   * Ends both directions with a code other than 1000: the peer's end fails with `reason` instead of ending.
   *
   * @param code a close code of the error table, 1001 to 4999.
   * @param reason at most 123 bytes of UTF-8.
   */
  fail(code: number, reason: string): void {
    if (this.#localEnded || this.#outcome) return
    this.#localEnded = true
    this.#endpoint.close(code, reason)
  }

  /** Cuts the connection at once: the peer's end fails, bytes on their way are lost. */
  abort(): void {
    this.#endpoint.abort()
  }

  /** Stops reading; the peer is held back once the buffers between us are full. */
  pause(): void {
    this.#endpoint.pause()
  }

  /** Goes on reading. */
  resume(): void {
    this.#endpoint.resume()
  }

  #onPeerClose(code: number | undefined, reason: string): void {
    this.#peerEnded = true
    if (cleanCloseCodes.has(code)) {
      this.#handler?.onEof()
      return
    }
    const said = reason ? `: ${reason}` : ''
    this.#peerProblem = new RelayError('ConnectionFailed', {
      message: `The peer ended the connection with code ${code}${said}`,
      trackingId: this.trackingId,
    })
    // Nobody reads what we would still send.
    this.end()
  }

  #onEnd(clean: boolean, cause: Error | undefined): void {
    this.#keepAlive.delete(this.#keepAlivePeer)
    const isWhole = clean && this.#peerEnded && this.#localEnded
    this.#outcome = { error: this.#peerProblem ?? (isWhole ? undefined : this.#cut(cause)) }
    this.#handler?.onClosed(this.#outcome.error)
  }

  #cut(cause: Error | undefined): RelayError {
    const message = this.#silent ? 'The relay has gone silent' : 'The relayed connection was cut before its end'
    return new RelayError('ConnectionFailed', { message, cause, trackingId: this.trackingId })
  }
}

function ignore(): void {}
