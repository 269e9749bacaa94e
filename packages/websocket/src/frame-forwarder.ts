import { decodeClose } from './close-payload.ts'
import { ControlPayload } from './control-payload.ts'
import { frameHeaderLength, writeHeaderFields } from './frame-encoder.ts'
import { FrameHeaderReader } from './frame-header-reader.ts'
import { xorRegion } from './mask/xor-mask.ts'
import { Opcode } from './opcode.ts'

/** Takes what a FrameForwarder gives: bytes for the other side, and the control frames of this hop. */
export interface ForwardSink {
  /** Finished bytes of unmasked frames, to be written to the other side in this order. */
  onSegment(buffer: Uint8Array): void
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
 * Nothing is buffered: payload is unmasked where it was read and leaves with the chunk that brought it. A header is written
 * over the 4 bytes that its mask key frees, and later payload moves up to it, so that a chunk usually gives one segment.
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
  /** From #start to #write the chunk holds finished output that has not been handed on. */
  #start = 0
  #write = 0

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
   * Forwards the next bytes. The chunk must be nobody else's: it is changed, and segments are parts of it.
   * @throws {WebSocketError} when the client breaks the protocol; frames before the fault have gone out whole
   */
  push(chunk: Uint8Array): void {
    const end = chunk.length
    let read = 0
    this.#start = 0
    this.#write = 0
    try {
      while (read < end && this.#state !== 'closed') {
        if (this.#state === 'payload') read = this.#readPayload(chunk, read, end)
        else if (this.#state === 'control') read = this.#readControl(chunk, read, end)
        else read = this.#readHeader(chunk, read, end)
      }
    } finally {
      this.#handOn(chunk)
    }
  }

  #readPayload(chunk: Uint8Array, read: number, end: number): number {
    if (this.#pieceLeft === 0) {
      // The next part of a long frame needs a header where payload stands: it gets a buffer of its own. It is made
      // when its payload is there, so that control frames can pass between the parts.
      this.#handOn(chunk)
      this.#start = this.#write = read
      this.#sink.onSegment(this.#continuationHeader())
    }
    const length = Math.min(end - read, this.#pieceLeft)
    this.#maskPhase = xorRegion(chunk, read, this.#write, length, this.#maskKey, this.#maskPhase)
    this.#write += length
    this.#pieceLeft -= length
    this.#frameLeft -= length
    this.payloadBytes += length
    if (this.#frameLeft === 0) this.#state = 'header'
    return read + length
  }

  #readControl(chunk: Uint8Array, read: number, end: number): number {
    const next = this.#control.read(chunk, read, end)
    if (this.#control.isComplete) {
      // What came before goes out before.
      this.#handOn(chunk)
      this.#start = this.#write = next
      this.#endControl()
    }
    return next
  }

  #readHeader(chunk: Uint8Array, read: number, end: number): number {
    const straddles = this.#header.pendingBytes > 0
    const next = this.#header.read(chunk, read, end)
    if (!this.#header.isComplete) return next
    if (this.#header.opcode >= Opcode.close) {
      this.#control.begin(this.#header.length, this.#header.maskKey)
      this.#state = 'control'
      // An empty one has no payload to wait for.
      return this.#readControl(chunk, next, next)
    }
    this.#beginFrame()
    this.#writeHeader(chunk, next, straddles)
    return next
  }

  /** Puts the header of a new outgoing frame before the payload that begins at `next`. */
  #writeHeader(chunk: Uint8Array, next: number, straddles: boolean): void {
    const first = this.#header.opcode | (this.#header.rsv1 ? 64 : 0) | (this.#isLastPiece() && this.#fin ? 128 : 0)
    const headerBytes = frameHeaderLength(this.#pieceLeft, false)
    if (this.#write > this.#start || !straddles) {
      // A masked header is at least 4 bytes longer than the one that goes out, so it fits before the payload.
      if (this.#write === this.#start) this.#start = this.#write = next - headerBytes
      this.#write = writeHeaderFields(chunk, this.#write, first, this.#pieceLeft, 0)
      return
    }
    const header = new Uint8Array(headerBytes)
    writeHeaderFields(header, 0, first, this.#pieceLeft, 0)
    this.#sink.onSegment(header)
    this.#start = this.#write = next
  }

  #handOn(chunk: Uint8Array): void {
    const start = this.#start
    const end = this.#write
    this.#start = end
    if (end > start) this.#sink.onSegment(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end))
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

  #continuationHeader(): Uint8Array {
    this.#pieceLeft = Math.min(this.#frameLeft, this.#maxFrameBytes)
    const header = new Uint8Array(frameHeaderLength(this.#pieceLeft, false))
    writeHeaderFields(header, 0, Opcode.continuation | (this.#isLastPiece() && this.#fin ? 128 : 0), this.#pieceLeft, 0)
    return header
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
