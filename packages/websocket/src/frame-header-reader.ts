import { Opcode } from './opcode.ts'
import { WebSocketError } from './web-socket-error.ts'

export interface FrameRules {
  /** True for frames of a client. RFC 6455 section 5.1 */
  readonly expectMask: boolean
  /** permessage-deflate was agreed, so a message may begin with RSV1. */
  readonly allowRsv1: boolean
}

/** The longest header: 2 bytes, 8 of length, 4 of mask. */
const maxHeaderBytes = 14

/**
 * Reads frame headers from bytes in any chunking, and checks everything that one can say. After `read` has returned with
 * `isComplete`, the fields are those of the frame that begins there.
 */
export class FrameHeaderReader {
  isComplete = false
  opcode = 0
  fin = false
  rsv1 = false
  /** Payload bytes. */
  length = 0
  /** The mask key as a little-endian integer; 0 without mask. */
  maskKey = 0
  readonly #expectMask: boolean
  readonly #allowRsv1: boolean
  readonly #pending = new Uint8Array(maxHeaderBytes)
  #pendingBytes = 0
  #messageOpen = false

  constructor(rules: FrameRules) {
    this.#expectMask = rules.expectMask
    this.#allowRsv1 = rules.allowRsv1
  }

  /** Bytes of the header that came with earlier chunks. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /**
   * Reads on from `at`.
   * @returns where the payload begins when `isComplete`, else `end`
   * @throws {WebSocketError}
   */
  read(chunk: Uint8Array, at: number, end: number): number {
    this.isComplete = false
    if (this.#pendingBytes === 0 && end - at >= maxHeaderBytes) {
      this.#check(chunk[at] as number, chunk[at + 1] as number)
      return this.#parse(chunk, at)
    }
    const pending = this.#pending
    while (at < end) {
      pending[this.#pendingBytes] = chunk[at] as number
      this.#pendingBytes += 1
      at += 1
      // At once, not when the header is whole: a peer that is wrong may never send the rest.
      if (this.#pendingBytes === 2) this.#check(pending[0] as number, pending[1] as number)
      if (this.#pendingBytes >= 2 && this.#pendingBytes === this.#neededBytes(pending[1] as number)) {
        this.#pendingBytes = 0
        this.#parse(pending, 0)
        return at
      }
    }
    return at
  }

  #neededBytes(second: number): number {
    const length = second & 127
    const lengthBytes = length === 126 ? 2 : length === 127 ? 8 : 0
    return 2 + lengthBytes + (second & 128 ? 4 : 0)
  }

  #parse(bytes: Uint8Array, at: number): number {
    const second = bytes[at + 1] as number
    let next = at + 2
    let length = second & 127
    if (length === 126) {
      length = ((bytes[next] as number) << 8) | (bytes[next + 1] as number)
      next += 2
    } else if (length === 127) {
      const high = readUint32(bytes, next)
      if (high > 0x1f_ffff) throw new WebSocketError('WS_LENGTH_UNSUPPORTED')
      length = high * 0x1_0000_0000 + readUint32(bytes, next + 4)
      next += 8
    }
    this.length = length
    this.maskKey = 0
    if ((second & 128) !== 0) {
      this.maskKey =
        (bytes[next] as number) |
        ((bytes[next + 1] as number) << 8) |
        ((bytes[next + 2] as number) << 16) |
        ((bytes[next + 3] as number) << 24)
      next += 4
    }
    this.isComplete = true
    return next
  }

  /** Takes and judges what the first two bytes say. RFC 6455 sections 5.1, 5.2, 5.4 and 5.5 */
  #check(first: number, second: number): void {
    const opcode = first & 15
    this.opcode = opcode
    this.fin = (first & 128) !== 0
    this.rsv1 = (first & 64) !== 0
    if ((first & 48) !== 0 || (this.rsv1 && (!this.#allowRsv1 || opcode === Opcode.continuation || opcode >= 8))) {
      throw new WebSocketError('WS_RESERVED_BITS')
    }
    if (opcode >= 8) {
      if (opcode > Opcode.pong) throw new WebSocketError('WS_RESERVED_OPCODE')
      if (!this.fin) throw new WebSocketError('WS_FRAGMENTED_CONTROL')
      if ((second & 127) > 125) throw new WebSocketError('WS_CONTROL_TOO_LONG')
      if (opcode === Opcode.close && (second & 127) === 1) throw new WebSocketError('WS_CLOSE_MALFORMED')
    } else {
      if (opcode > Opcode.binary) throw new WebSocketError('WS_RESERVED_OPCODE')
      if (opcode === Opcode.continuation) {
        if (!this.#messageOpen) throw new WebSocketError('WS_UNEXPECTED_CONTINUATION')
      } else if (this.#messageOpen) {
        throw new WebSocketError('WS_UNFINISHED_MESSAGE')
      }
      this.#messageOpen = !this.fin
    }
    if (((second & 128) !== 0) !== this.#expectMask) {
      throw new WebSocketError(this.#expectMask ? 'WS_MASK_MISSING' : 'WS_MASK_UNEXPECTED')
    }
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  )
}
