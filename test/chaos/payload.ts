import { createCipheriv } from 'node:crypto'

/** A prime: neighbours in a stream never line up with another stream's by chance of a round number. */
const period = 1_048_573

/** Most bytes that {@link payloadBytes} gives at once. */
export const maxPieceBytes = 65_536

/** Before the payload: id and length of the payload, each a 32-bit number, most significant byte first. */
export const payloadHeaderBytes = 8

const block = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16)).update(
  Buffer.alloc(period + maxPieceBytes),
)
block.copyWithin(period, 0, maxPieceBytes)

/** Says which stream follows. */
export function encodePayloadHeader(id: number, length: number): Buffer {
  const header = Buffer.alloc(payloadHeaderBytes)
  header.writeUInt32BE(id, 0)
  header.writeUInt32BE(length, 4)
  return header
}

/** Bytes of stream `id` from `offset` on; both ends of a tunnel know them without having been told. */
export function payloadBytes(id: number, offset: number, length: number): Buffer {
  const start = (id * 7919 + offset) % period
  return block.subarray(start, start + length)
}

/** Reads what {@link encodePayloadHeader} and {@link payloadBytes} make, in any pieces, and says whether it is that. */
export class PayloadReader {
  /** Payload bytes so far, without the header. */
  received = 0
  /** The first byte that was not what stream `id` has at its place was seen. */
  isWrong = false
  id: number | undefined
  length: number | undefined
  readonly #header: Buffer = Buffer.alloc(payloadHeaderBytes)
  #headerBytes = 0
  #toSkip: number

  /** @param skipBytes what comes before the header. */
  constructor(skipBytes = 0) {
    this.#toSkip = skipBytes
  }

  /** Nothing is missing, and nothing came behind the end. */
  get isWhole(): boolean {
    return !this.isWrong && this.length !== undefined && this.received === this.length
  }

  push(bytes: Buffer): void {
    const chunk = bytes.subarray(Math.min(this.#toSkip, bytes.length))
    this.#toSkip -= bytes.length - chunk.length
    const forHeader = Math.min(chunk.length, payloadHeaderBytes - this.#headerBytes)
    chunk.copy(this.#header, this.#headerBytes, 0, forHeader)
    this.#headerBytes += forHeader
    if (this.#headerBytes < payloadHeaderBytes) return
    this.id ??= this.#header.readUInt32BE(0)
    this.length ??= this.#header.readUInt32BE(4)
    for (let at = forHeader; at < chunk.length; at += maxPieceBytes) {
      const piece = chunk.subarray(at, at + maxPieceBytes)
      if (!piece.equals(payloadBytes(this.id, this.received, piece.length))) this.isWrong = true
      this.received += piece.length
    }
    if (this.received > this.length) this.isWrong = true
  }
}
