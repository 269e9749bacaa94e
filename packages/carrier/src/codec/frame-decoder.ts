import { CarrierError } from './carrier-error.ts'
import {
  dataOffsetBytes,
  FrameType,
  firstOptionalType,
  frameHeaderBytes,
  maxFramePayloadBytes,
  payloadLengths,
} from './frame-type.ts'
import { readU32, readU48 } from './numbers.ts'

/** Hears the frames of one direction of a carrier. */
export interface FrameSink {
  /** A whole frame other than DATA: its payload is `buffer` from `start` to `end`, valid during the call. */
  onFrame(frame: { readonly type: number; readonly stream: number }, payload: Uint8Array): void
  /** Bytes of DATA as they come, in order, valid during the call. A frame may be told in several parts. */
  onData(stream: number, offset: number, bytes: Uint8Array): void
}

/** No frame but DATA, which is never collected, is longer. */
const firstCollectBytes = 64

/**
 * Finds carrier frames in a byte stream that is cut anywhere. Collects at most one frame that is not DATA.
 *
 * @see docs/protocol/carrier.md "The byte stream"
 */
export class CarrierFrameDecoder {
  readonly #sink: FrameSink
  readonly #header = new Uint8Array(frameHeaderBytes + dataOffsetBytes)
  #headerHave = 0
  #headerNeed = frameHeaderBytes
  readonly #frame = { type: 0, stream: 0 }
  #left = 0
  #offset = 0
  #mode: 'header' | 'data' | 'collect' | 'skip' = 'header'
  #collected: Uint8Array = new Uint8Array(firstCollectBytes)
  #collectedBytes = 0

  constructor(sink: FrameSink) {
    this.#sink = sink
  }

  /** @throws {CarrierError} when the bytes are no frames; the decoder is of no use afterwards. */
  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#mode === 'header') at = this.#readHeader(chunk, at)
      else if (this.#mode === 'data') at = this.#readData(chunk, at)
      else if (this.#mode === 'collect') at = this.#collect(chunk, at)
      else at = this.#skip(chunk, at)
    }
  }

  #readHeader(chunk: Uint8Array, from: number): number {
    let at = from
    while (at < chunk.length && this.#headerHave < this.#headerNeed) {
      this.#header[this.#headerHave] = chunk[at] ?? 0
      this.#headerHave += 1
      at += 1
      if (this.#headerHave === frameHeaderBytes && this.#headerNeed === frameHeaderBytes) this.#onFixedHeader()
    }
    if (this.#headerHave === this.#headerNeed) this.#begin()
    return at
  }

  #onFixedHeader(): void {
    const header = this.#header
    const frame = this.#frame
    frame.type = header[0] ?? 0
    this.#left = readU32(header, 0) % 0x100_0000
    frame.stream = readU32(header, 4)
    const range = payloadLengths[frame.type]
    if (range === undefined) {
      if (frame.type < firstOptionalType) throw new CarrierError('CARRIER_FRAME_TYPE')
      if (this.#left > maxFramePayloadBytes) throw new CarrierError('CARRIER_FRAME_LENGTH')
      return
    }
    if (this.#left < range.min || this.#left > range.max) throw new CarrierError('CARRIER_FRAME_LENGTH')
    if ((frame.stream === 0) !== frame.type < FrameType.open) throw new CarrierError('CARRIER_FRAME_STREAM')
    if (frame.type === FrameType.data) this.#headerNeed = frameHeaderBytes + dataOffsetBytes
  }

  #begin(): void {
    const { type } = this.#frame
    this.#headerHave = 0
    this.#headerNeed = frameHeaderBytes
    if (type === FrameType.data) {
      this.#offset = readU48(this.#header, frameHeaderBytes)
      this.#left -= dataOffsetBytes
      this.#mode = 'data'
    } else if (type >= firstOptionalType) {
      this.#mode = this.#left > 0 ? 'skip' : 'header'
    } else {
      this.#collectedBytes = 0
      this.#mode = 'collect'
      if (this.#left === 0) this.#deliver(this.#collected.subarray(0, 0))
    }
  }

  #readData(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    const offset = this.#offset
    this.#left -= end - at
    this.#offset += end - at
    if (this.#left === 0) this.#mode = 'header'
    this.#sink.onData(this.#frame.stream, offset, chunk.subarray(at, end))
    return end
  }

  #skip(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    this.#left -= end - at
    if (this.#left === 0) this.#mode = 'header'
    return end
  }

  #collect(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    const have = this.#collectedBytes
    const taken = end - at
    this.#left -= taken
    if (have === 0 && this.#left === 0) {
      this.#deliver(chunk.subarray(at, end))
      return end
    }
    if (have + taken > this.#collected.length) this.#grow(have + taken)
    this.#collected.set(chunk.subarray(at, end), have)
    this.#collectedBytes = have + taken
    if (this.#left === 0) this.#deliver(this.#collected.subarray(0, this.#collectedBytes))
    return end
  }

  /** Grows with what has come, not with what was announced: an announcement costs the peer nothing. */
  #grow(bytes: number): void {
    const larger = new Uint8Array(Math.max(bytes, 2 * this.#collected.length))
    larger.set(this.#collected.subarray(0, this.#collectedBytes))
    this.#collected = larger
  }

  #deliver(payload: Uint8Array): void {
    this.#mode = 'header'
    this.#sink.onFrame(this.#frame, payload)
    if (this.#collected.length > 8 * firstCollectBytes) this.#collected = new Uint8Array(firstCollectBytes)
  }
}
