import { decodeClose } from './close-payload.ts'
import { ControlPayload } from './control-payload.ts'
import { FrameHeaderReader } from './frame-header-reader.ts'
import { Opcode } from './opcode.ts'

/** Takes what a FrameForwarder gives: frames for the other side in pieces, and the control frames of this hop. */
export interface ForwardSink {
  /** A data frame for the other side begins: the first byte of its header, and how many bytes of payload follow. */
  onHeader(first: number, payloadLength: number): void
  /** Payload of that frame, `length` bytes at `start`, still masked: with this key, whose byte `phase` comes first. Valid during the call. */
  onPayload(chunk: Uint8Array, start: number, length: number, maskKey: number, phase: number): void
  onPing(payload: Uint8Array): void
  onPong(payload: Uint8Array): void
  /** The payload of CLOSE, checked; nothing follows. */
  onClose(payload: Uint8Array): void
}

export interface FrameForwarderOptions {
  readonly sink: ForwardSink
  /** permessage-deflate was agreed end to end: messages may begin with RSV1, and pass untouched. */
  readonly allowRsv1: boolean
  /** Longest data frame that goes out; longer ones are split. Default 65,536: more ends a Java client (observed). */
  readonly maxFrameBytes?: number
}

/**
 * HOT PATH of the relay: masked frames of one client in, unmasked frames for the other out.
 *
 * Nothing is buffered and nothing is changed: payload is unmasked on its way to where it is sent from, in one pass over it.
 */
export class FrameForwarder {
  /** Payload bytes of data frames that were forwarded. */
  payloadBytes = 0
  readonly #sink: ForwardSink
  readonly #header: FrameHeaderReader
  readonly #control = new ControlPayload()
  readonly #maxFrameBytes: number
  #state: 'header' | 'payload' | 'control' | 'closed' = 'header'
  /** Payload bytes of the incoming frame that are still to come. */
  #frameLeft = 0
  /** The same of the outgoing frame, which may be a part of the incoming one. 0 between two parts of a long frame. */
  #pieceLeft = 0
  #fin = false
  #maskKey = 0
  #maskPhase = 0

  constructor(options: FrameForwarderOptions) {
    this.#sink = options.sink
    this.#header = new FrameHeaderReader({ expectMask: true, allowRsv1: options.allowRsv1 })
    this.#maxFrameBytes = options.maxFrameBytes ?? 65_536
  }

  /** No data frame is open on the other side's wire: a control frame may be written to it now. */
  get atFrameBoundary(): boolean {
    return this.#pieceLeft === 0
  }

  /**
   * Forwards the next bytes.
   * @throws {WebSocketError} when the client breaks the protocol; frames before the fault have gone out whole
   */
  push(chunk: Uint8Array): void {
    const end = chunk.length
    let read = 0
    while (read < end && this.#state !== 'closed') {
      if (this.#state === 'payload') read = this.#readPayload(chunk, read, end)
      else if (this.#state === 'control') read = this.#readControl(chunk, read, end)
      else read = this.#readHeader(chunk, read, end)
    }
  }

  #readPayload(chunk: Uint8Array, read: number, end: number): number {
    // The next part of a long frame begins when its payload is there, so that control frames can pass between the parts.
    if (this.#pieceLeft === 0) this.#beginContinuation()
    const length = Math.min(end - read, this.#pieceLeft)
    this.#sink.onPayload(chunk, read, length, this.#maskKey, this.#maskPhase)
    this.#maskPhase = (this.#maskPhase + length) & 3
    this.#pieceLeft -= length
    this.#frameLeft -= length
    this.payloadBytes += length
    if (this.#frameLeft === 0) this.#state = 'header'
    return read + length
  }

  #readControl(chunk: Uint8Array, read: number, end: number): number {
    const next = this.#control.read(chunk, read, end)
    if (this.#control.isComplete) this.#endControl()
    return next
  }

  #readHeader(chunk: Uint8Array, read: number, end: number): number {
    const next = this.#header.read(chunk, read, end)
    if (!this.#header.isComplete) return next
    if (this.#header.opcode >= Opcode.close) {
      this.#control.begin(this.#header.length, this.#header.maskKey)
      this.#state = 'control'
      // An empty one has no payload to wait for.
      return this.#readControl(chunk, next, next)
    }
    this.#beginFrame()
    const first = this.#header.opcode | (this.#header.rsv1 ? 64 : 0) | (this.#isLastPiece() && this.#fin ? 128 : 0)
    this.#sink.onHeader(first, this.#pieceLeft)
    return next
  }

  #beginFrame(): void {
    const { length, fin, maskKey } = this.#header
    this.#frameLeft = length
    this.#pieceLeft = Math.min(length, this.#maxFrameBytes)
    this.#fin = fin
    this.#maskKey = maskKey
    this.#maskPhase = 0
    this.#state = length === 0 ? 'header' : 'payload'
  }

  #isLastPiece(): boolean {
    return this.#pieceLeft === this.#frameLeft
  }

  #beginContinuation(): void {
    this.#pieceLeft = Math.min(this.#frameLeft, this.#maxFrameBytes)
    this.#sink.onHeader(Opcode.continuation | (this.#isLastPiece() && this.#fin ? 128 : 0), this.#pieceLeft)
  }

  #endControl(): void {
    const payload = this.#control.take()
    this.#state = 'header'
    if (this.#header.opcode === Opcode.ping) {
      this.#sink.onPing(payload)
    } else if (this.#header.opcode === Opcode.pong) {
      this.#sink.onPong(payload)
    } else {
      decodeClose(payload)
      this.#state = 'closed'
      this.#sink.onClose(payload)
    }
  }
}
