import type { CarrierStream, CarrierStreamHandler, ResetCode, StreamReset } from '@postern/carrier'
import type { RelayError } from '@postern/protocol'
import type { TunnelConnection, TunnelHandler } from '../tunnel-connection.ts'
import { streamError } from './stream-error.ts'

/** What {@link StreamConnection} is made from. */
export interface StreamConnectionOptions {
  readonly trackingId: string
  readonly client?: string | undefined
  /** What the peer is told when this end cuts the stream. */
  readonly cutCode: ResetCode
  /** Programs may use the memory of what they have sent again. Default false: sockets never do. */
  readonly copies?: boolean
}

/** A piece that is less than this part of its buffer is copied before it waits: it would keep all of the buffer. */
const wasteful = 4

/** Datagrams that wait for a handler; a network would drop them sooner. */
const maxEarlyDatagrams = 64

/**
 * One stream of a carrier as a {@link TunnelConnection}. What arrives before {@link StreamConnection.open} waits, within the
 * credit that the peer was granted.
 */
export class StreamConnection implements TunnelConnection, CarrierStreamHandler {
  readonly trackingId: string
  readonly client: string | undefined
  /** The stream's own buffer is the bound, and grows with the path. */
  readonly maxBufferedBytes = 0
  /** A stream has no subprotocol of its own. */
  readonly protocol = undefined
  readonly #cutCode: ResetCode
  readonly #copies: boolean
  #stream: CarrierStream | undefined
  #handler: TunnelHandler | undefined
  /** Bytes or datagrams from before there was a handler. */
  #early: Uint8Array[] = none
  #isPaused = false
  /** Bytes that were handed on while paused: the peer gets no credit for them yet. */
  #unconsumedBytes = 0
  #hasEnded = false
  #outcome: { readonly error: RelayError | undefined } | undefined
  #onSettled: ((error: RelayError | undefined) => void) | undefined

  constructor({ trackingId, client, cutCode, copies = false }: StreamConnectionOptions) {
    this.trackingId = trackingId
    this.client = client
    this.#cutCode = cutCode
    this.#copies = copies
  }

  /** Names the stream that this is the handler of. */
  attach(stream: CarrierStream): void {
    this.#stream = stream
  }

  get bufferedBytes(): number {
    return this.#stream?.bufferedBytes ?? 0
  }

  /** True when nothing more comes and nothing can be sent. */
  get isClosed(): boolean {
    return this.#outcome !== undefined
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
    for (const bytes of early) {
      if (this.#isUdp) handler.onDatagram?.(bytes)
      else this.#hand(bytes, handler)
    }
    if (this.#hasEnded) handler.onEof()
    if (this.#outcome) queueMicrotask(() => handler.onClosed(this.#outcome?.error))
  }

  send(bytes: Uint8Array): boolean {
    return this.#stream?.write(this.#copies ? new Uint8Array(bytes) : bytes) ?? true
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
    this.#stream?.consume(bytes)
  }

  onConnected(): void {
    this.#settle(undefined)
  }

  onData(bytes: Uint8Array): void {
    if (this.#handler) this.#hand(bytes, this.#handler)
    else this.#keep(compact(bytes))
  }

  onDatagram(datagram: Uint8Array): void {
    if (this.#handler) this.#handler.onDatagram?.(datagram)
    else if (this.#early.length < maxEarlyDatagrams) this.#keep(new Uint8Array(datagram))
  }

  onEnd(): void {
    this.#hasEnded = true
    this.#handler?.onEof()
  }

  onDrain(): void {
    this.#handler?.onDrain()
  }

  onClosed(reset: StreamReset | undefined): void {
    const error = reset && streamError(reset, this.trackingId)
    this.#outcome = { error }
    this.#early = none
    this.#settle(error)
    this.#handler?.onClosed(error)
  }

  #hand(bytes: Uint8Array, handler: TunnelHandler): void {
    handler.onData(bytes)
    if (this.#isPaused) this.#unconsumedBytes += bytes.length
    else this.#stream?.consume(bytes.length)
  }

  #keep(bytes: Uint8Array): void {
    if (this.#early === none) this.#early = []
    this.#early.push(bytes)
  }

  get #isUdp(): boolean {
    return this.#stream?.kind === 'udp'
  }

  #settle(error: RelayError | undefined): void {
    const onSettled = this.#onSettled
    this.#onSettled = undefined
    onSettled?.(error)
  }
}

/** Shared by all that have nothing: never added to. */
const none: Uint8Array[] = []

/** The same bytes, in a buffer of their own where they are a small part of a large one. */
export function compact(bytes: Uint8Array): Uint8Array {
  return bytes.length * wasteful < bytes.buffer.byteLength ? new Uint8Array(bytes) : bytes
}
