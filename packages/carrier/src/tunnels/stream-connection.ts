import type { RelayError } from '@postern/protocol'
import type { ResetCode, StreamReset } from '../reset-code.ts'
import type { CarrierStream, CarrierStreamHandler } from '../streams/carrier-stream.ts'
import { streamError } from './stream-error.ts'
import type { TunnelConnection, TunnelHandler } from './tunnel-connection.ts'
import { WaitingBytes } from './waiting-bytes.ts'

/** What {@link StreamConnection} is made from. */
export interface StreamConnectionOptions {
  readonly trackingId: string
  readonly client?: string | undefined
  /** What the peer is told when this end cuts the stream. */
  readonly cutCode: ResetCode
  /** At the other end, as seen from the sender's; it may be known only when the stream is settled. */
  readonly listener?: { readonly listenerId: string | undefined }
}

/** Datagrams that wait for a handler, and their bytes; a network would drop them sooner. */
const maxEarlyDatagrams = 64
const maxEarlyDatagramBytes = 65_536

/**
 * One stream of a carrier as a {@link TunnelConnection}. What arrives before {@link StreamConnection.open}, or while paused,
 * waits, within the credit that the peer was granted.
 */
export class StreamConnection implements TunnelConnection, CarrierStreamHandler {
  readonly trackingId: string
  readonly client: string | undefined
  /** The stream's own buffer is the bound, and grows with the path. */
  readonly maxBufferedBytes = 0
  /** A stream has no subprotocol of its own. */
  readonly protocol = undefined
  readonly #cutCode: ResetCode
  readonly #listener: StreamConnectionOptions['listener']
  #stream: CarrierStream | undefined
  #handler: TunnelHandler | undefined
  /** Bytes from before there was a handler, or that came while paused. */
  #waiting: WaitingBytes | undefined
  /** Datagrams from before there was a handler. */
  #early: Uint8Array[] = none
  #earlyBytes = 0
  #isPaused = false
  /** Bytes that were handed on while paused: the peer gets no credit for them yet. */
  #unconsumedBytes = 0
  #isHanding = false
  #hasEnded = false
  #isEndTold = false
  #isCloseTold = false
  #isCut = false
  #outcome: { readonly error: RelayError | undefined } | undefined
  #onSettled: ((error: RelayError | undefined) => void) | undefined

  constructor({ trackingId, client, cutCode, listener }: StreamConnectionOptions) {
    this.trackingId = trackingId
    this.client = client
    this.#cutCode = cutCode
    this.#listener = listener
  }

  /** Names the stream that this is the handler of. */
  attach(stream: CarrierStream): void {
    this.#stream = stream
  }

  get listenerId(): string | undefined {
    return this.#listener?.listenerId
  }

  get bufferedBytes(): number {
    return this.#stream?.bufferedBytes ?? 0
  }

  /** True when nothing more comes and nothing can be sent. */
  get isClosed(): boolean {
    return this.#outcome !== undefined
  }

  /** True when it was this end that cut it. */
  get isCut(): boolean {
    return this.#isCut
  }

  /** Tells, once, that the other end has reached its target, or with an error that there is no way. */
  onceSettled(onSettled: (error: RelayError | undefined) => void): void {
    if (this.#outcome) onSettled(this.#outcome.error)
    else this.#onSettled = onSettled
  }

  open(handler: TunnelHandler): void {
    this.#handler = handler
    const early = this.#early
    this.#early = none
    for (const datagram of early) handler.onDatagram?.(datagram)
    if (this.#outcome) queueMicrotask(() => this.#handWaiting())
    else this.#handWaiting()
  }

  send(bytes: Uint8Array): boolean {
    return this.#stream?.write(bytes) ?? true
  }

  sendDatagram(datagram: Uint8Array): void {
    this.#stream?.sendDatagram(datagram)
  }

  end(): void {
    this.#stream?.end()
  }

  fail(_code: number, reason: string): void {
    this.#stream?.reset('unreachable', reason)
  }

  abort(): void {
    this.#isCut = true
    this.#stream?.reset(this.#cutCode)
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    const bytes = this.#unconsumedBytes
    this.#unconsumedBytes = 0
    if (bytes > 0) this.#stream?.consume(bytes)
    this.#handWaiting()
  }

  onConnected(): void {
    this.#settle(undefined)
  }

  onData(bytes: Uint8Array): void {
    const handler = this.#handler
    if (handler && !this.#waiting && (!this.#isPaused || handler.gathers)) return this.#hand(bytes, handler)
    this.#waiting ??= new WaitingBytes()
    this.#waiting.add(bytes)
  }

  onDatagram(datagram: Uint8Array): void {
    if (this.#handler) this.#handler.onDatagram?.(datagram)
    else this.#keepDatagram(datagram)
  }

  onEnd(): void {
    this.#hasEnded = true
    this.#tellEnd()
  }

  onDrain(): void {
    this.#handler?.onDrain()
  }

  onClosed(reset: StreamReset | undefined): void {
    const error = reset && streamError(reset, this.trackingId)
    this.#outcome = { error }
    this.#early = none
    // What waits when a stream is cut is nobody's any more.
    if (error) this.#waiting = undefined
    this.#settle(error)
    this.#tellEnd()
  }

  #hand(bytes: Uint8Array, handler: TunnelHandler): void {
    handler.onData(bytes)
    if (this.#isPaused) this.#unconsumedBytes += bytes.length
    else this.#stream?.consume(bytes.length)
  }

  /** Hands on what waits, as long as it is taken. */
  #handWaiting(): void {
    const handler = this.#handler
    if (this.#isHanding || !handler) return
    this.#isHanding = true
    for (let waiting = this.#waiting; waiting && !this.#isPaused; waiting = this.#waiting) {
      const bytes = waiting.shift()
      if (bytes) this.#hand(bytes, handler)
      else this.#waiting = undefined
    }
    this.#isHanding = false
    this.#tellEnd()
  }

  /** The end comes behind what waits, and never where there was a cut. */
  #tellEnd(): void {
    const handler = this.#handler
    if (!handler || this.#waiting) return
    if (this.#hasEnded && !this.#isEndTold && !this.#outcome?.error) {
      this.#isEndTold = true
      handler.onEof()
    }
    if (this.#outcome && !this.#isCloseTold) {
      this.#isCloseTold = true
      handler.onClosed(this.#outcome.error)
    }
  }

  #keepDatagram(datagram: Uint8Array): void {
    if (this.#early === none) this.#early = []
    if (this.#early.length >= maxEarlyDatagrams || this.#earlyBytes + datagram.length > maxEarlyDatagramBytes) return
    this.#earlyBytes += datagram.length
    this.#early.push(new Uint8Array(datagram))
  }

  #settle(error: RelayError | undefined): void {
    const onSettled = this.#onSettled
    this.#onSettled = undefined
    onSettled?.(error)
  }
}

/** Shared by all that have nothing: never added to. */
const none: Uint8Array[] = []
