import { ControlPayload } from './control-payload.ts'
import { FrameHeaderReader } from './frame-header-reader.ts'
import { xorRegion } from './mask/xor-mask.ts'
import { Opcode } from './opcode.ts'

/** Hears frames as they come. Data frames: start, payload in pieces, end; control frames whole. */
export interface FrameSink {
  onFrame(opcode: number, fin: boolean, rsv1: boolean, payloadLength: number): void
  /** Unmasked bytes `start` to `end` of a buffer that is the receiver's from now on. */
  onPayload(buffer: Uint8Array, start: number, end: number): void
  onFrameEnd(fin: boolean): void
  /** CLOSE, PING or PONG, in order with the data frames around it; the payload is the receiver's. */
  onControl(opcode: number, payload: Uint8Array): void
}

export interface FrameDecoderOptions {
  readonly expectMask: boolean
  readonly allowRsv1?: boolean
  readonly sink: FrameSink
}

/** Bytes in, frames out: a message of any size needs no memory of its own. UTF-8 is not looked at. */
export class FrameDecoder {
  readonly #sink: FrameSink
  readonly #header: FrameHeaderReader
  readonly #control = new ControlPayload()
  #state: 'header' | 'payload' | 'control' | 'closed' = 'header'
  /** Payload bytes of the data frame that are still to come. */
  #left = 0
  #fin = false
  #maskKey = 0
  #maskPhase = 0

  constructor(options: FrameDecoderOptions) {
    this.#sink = options.sink
    this.#header = new FrameHeaderReader({
      expectMask: options.expectMask,
      allowRsv1: options.allowRsv1 ?? false,
    })
  }

  /**
   * Reads the next bytes; payload is unmasked where it lies, so the chunk must be nobody else's. What follows a CLOSE is
   * ignored (RFC 6455 section 5.5.1).
   * @throws {WebSocketError} when the peer breaks the protocol; the decoder is of no use afterwards
   */
  push(chunk: Uint8Array): void {
    const end = chunk.length
    let at = 0
    while (at < end) {
      if (this.#state === 'header') {
        at = this.#header.read(chunk, at, end)
        if (this.#header.isComplete) this.#begin()
      } else if (this.#state === 'payload') {
        at = this.#readPayload(chunk, at, end)
      } else if (this.#state === 'control') {
        at = this.#control.read(chunk, at, end)
        if (this.#control.isComplete) this.#endControl()
      } else {
        return
      }
    }
  }

  #begin(): void {
    const { opcode, fin, rsv1, length, maskKey } = this.#header
    if (opcode >= Opcode.close) {
      this.#control.begin(length, maskKey)
      this.#state = 'control'
      if (length === 0) this.#endControl()
      return
    }
    this.#sink.onFrame(opcode, fin, rsv1, length)
    this.#fin = fin
    this.#left = length
    this.#maskKey = maskKey
    this.#maskPhase = 0
    if (length === 0) this.#sink.onFrameEnd(fin)
    else this.#state = 'payload'
  }

  #readPayload(chunk: Uint8Array, at: number, end: number): number {
    const length = Math.min(end - at, this.#left)
    this.#maskPhase = xorRegion(chunk, at, at, length, this.#maskKey, this.#maskPhase)
    this.#left -= length
    if (this.#left === 0) this.#state = 'header'
    this.#sink.onPayload(chunk, at, at + length)
    if (this.#left === 0) this.#sink.onFrameEnd(this.#fin)
    return at + length
  }

  #endControl(): void {
    this.#state = this.#header.opcode === Opcode.close ? 'closed' : 'header'
    this.#sink.onControl(this.#header.opcode, this.#control.take())
  }
}
