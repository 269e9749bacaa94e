import type { Duplex } from 'node:stream'
import { EndpointPeer } from './endpoint-peer.ts'
import type { KeepAlive, KeepAlivePeer } from './keep-alive.ts'
import { WebSocketEndpoint } from './web-socket-endpoint.ts'

/** What one end of a byte pipe has to say; calls come in the order of the methods, `onClosed` exactly once. */
export interface BytePipeHandler<Problem extends Error> {
  /** Bytes have arrived; they are there during the call only. */
  onData(chunk: Uint8Array): void
  /** The peer has said that nothing more comes from it. We may go on sending. */
  onEof(): void
  /** {@link BytePipe.send} has answered false before, and what it took is on its way now. */
  onDrain(): void
  /** Everything is over. Without an error both directions came to their end and not a byte is missing. */
  onClosed(error: Problem | undefined): void
}

/** Why a pipe ended before its end: the peer said so by CLOSE, it did not answer two PINGs, or the socket was cut. */
export type BytePipeProblem =
  | { readonly kind: 'peer'; readonly code: number | undefined; readonly reason: string }
  | { readonly kind: 'silent' | 'cut'; readonly cause: Error | undefined }

/** What {@link BytePipe} is made from. */
export interface BytePipeOptions<Problem extends Error> {
  readonly socket: Duplex
  /** Bytes that arrived together with the handshake. */
  readonly head: Uint8Array
  readonly role: 'client' | 'server'
  /** Finds a peer that is silent for good. */
  readonly keepAlive: KeepAlive
  /** Puts a problem in the words of those who hear of it. */
  readonly describe: (problem: BytePipeProblem) => Problem
}

/** Said with the CLOSE that ends one direction (observed: what .NET and azbridge say, and expect). */
const endOfDirection = { code: 1000, reason: 'Shutdown' } as const

/** CLOSE codes by which a peer says that it has sent all it wanted; 1005 stands for a CLOSE without a code. */
const cleanCloseCodes = new Set<number | undefined>([undefined, 1000, 1005])

/**
 * One end of a WebSocket as a plain byte pipe with handlers instead of events. Nothing is read before {@link BytePipe.open}.
 *
 * Each direction ends by itself (half-close): a CLOSE 1000 says "no more bytes from me" and leaves the other direction
 * open, as .NET's and azbridge's streams do. A cut connection is never reported as an end.
 */
export class BytePipe<Problem extends Error> {
  readonly #endpoint: WebSocketEndpoint
  readonly #isServer: boolean
  readonly #describe: BytePipeOptions<Problem>['describe']
  readonly #keepAlive: KeepAlive
  readonly #keepAlivePeer: KeepAlivePeer
  #handler: BytePipeHandler<Problem> | undefined
  #outcome: { error: Problem | undefined } | undefined
  #localEnded = false
  #peerEnded = false
  #silent = false
  #peerProblem: Problem | undefined

  constructor({ socket, head, role, keepAlive, describe }: BytePipeOptions<Problem>) {
    this.#keepAlive = keepAlive
    this.#describe = describe
    this.#isServer = role === 'server'
    this.#endpoint = new WebSocketEndpoint({
      stream: socket,
      head,
      role,
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
    this.#keepAlivePeer = new EndpointPeer(this.#endpoint, () => {
      this.#silent = true
      this.#endpoint.abort()
    })
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
  open(handler: BytePipeHandler<Problem>): void {
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
    return this.#isServer ? this.#sendCopy(bytes) : this.#endpoint.sendBinary(bytes)
  }

  /** Lends memory for {@link BytePipe.sendLent}. */
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
   * @param code a close code, 1001 to 4999.
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

  /** A client's frame is masked into memory of its own; a server's payload would be written from where it lies. */
  #sendCopy(bytes: Uint8Array): boolean {
    let isFlushed = true
    for (let at = 0; at < bytes.length; ) {
      const lent = this.#endpoint.lend()
      const part = bytes.subarray(at, at + lent.length)
      lent.set(part)
      isFlushed = this.#endpoint.sendLent(lent, part.length)
      at += part.length
    }
    return isFlushed
  }

  #onPeerClose(code: number | undefined, reason: string): void {
    this.#peerEnded = true
    if (cleanCloseCodes.has(code)) {
      this.#handler?.onEof()
      return
    }
    this.#peerProblem = this.#describe({ kind: 'peer', code, reason })
    // Nobody reads what we would still send.
    this.end()
  }

  #onEnd(clean: boolean, cause: Error | undefined): void {
    this.#keepAlive.delete(this.#keepAlivePeer)
    const isWhole = clean && this.#peerEnded && this.#localEnded
    const kind = this.#silent ? 'silent' : 'cut'
    this.#outcome = { error: this.#peerProblem ?? (isWhole ? undefined : this.#describe({ kind, cause })) }
    this.#handler?.onClosed(this.#outcome.error)
  }
}

function ignore(): void {}
