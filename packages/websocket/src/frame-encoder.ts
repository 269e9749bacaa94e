import { xorCopy, xorRegion } from './mask/xor-mask.ts'
import { Opcode } from './opcode.ts'

export interface FrameHeader {
  readonly opcode: number
  readonly fin: boolean
  readonly rsv1?: boolean
  /** Payload bytes. */
  readonly length: number
  /** The key as a little-endian integer; absent: no mask. */
  readonly maskKey?: number
}

/** Bytes of a header for this many payload bytes. */
export function frameHeaderLength(payloadLength: number, isMasked: boolean): number {
  const length = payloadLength < 126 ? 2 : payloadLength < 65_536 ? 4 : 10
  return isMasked ? length + 4 : length
}

/** Writes a header into `buffer` at `at`. @returns where the payload goes */
export function writeFrameHeader(buffer: Uint8Array, at: number, header: FrameHeader): number {
  const { maskKey } = header
  const next = writeHeaderFields(
    buffer,
    at,
    header.opcode | (header.fin ? 128 : 0) | (header.rsv1 ? 64 : 0),
    header.length,
    maskKey === undefined ? 0 : 128,
  )
  if (maskKey === undefined) return next
  buffer[next] = maskKey & 255
  buffer[next + 1] = (maskKey >>> 8) & 255
  buffer[next + 2] = (maskKey >>> 16) & 255
  buffer[next + 3] = maskKey >>> 24
  return next + 4
}

/** The header without the mask key, from plain numbers: for the hot path. */
export function writeHeaderFields(
  buffer: Uint8Array,
  at: number,
  first: number,
  length: number,
  maskBit: number,
): number {
  buffer[at] = first
  if (length < 126) {
    buffer[at + 1] = maskBit | length
    return at + 2
  }
  if (length < 65_536) {
    buffer[at + 1] = maskBit | 126
    buffer[at + 2] = length >>> 8
    buffer[at + 3] = length & 255
    return at + 4
  }
  buffer[at + 1] = maskBit | 127
  const high = Math.floor(length / 0x1_0000_0000)
  for (let i = 0; i < 4; i += 1) {
    buffer[at + 2 + i] = (high >>> (24 - 8 * i)) & 255
    buffer[at + 6 + i] = (length >>> (24 - 8 * i)) & 255
  }
  return at + 10
}

/** A whole frame in one new buffer. A client's (`mask: true`) gets a fresh random key (RFC 6455 section 5.3). */
export function encodeFrame(
  opcode: number,
  payload: Uint8Array,
  options: { readonly mask: boolean; readonly fin?: boolean },
): Uint8Array {
  const { length } = payload
  const frame = new Uint8Array(frameHeaderLength(length, options.mask) + length)
  const fin = options.fin ?? true
  if (!options.mask) {
    frame.set(payload, writeFrameHeader(frame, 0, { opcode, fin, length }))
    return frame
  }
  const maskKey = randomMaskKey()
  const at = writeFrameHeader(frame, 0, { opcode, fin, length, maskKey })
  frame.set(payload, at)
  xorRegion(frame, at, at, length, maskKey, 0)
  return frame
}

/** Writes a client's whole binary or continuation frame into `buffer`, from its beginning. @returns its length */
export function writeMaskedFrame(buffer: Uint8Array, opcode: number, payload: Uint8Array, fin: boolean): number {
  const maskKey = randomMaskKey()
  const at = writeFrameHeader(buffer, 0, { opcode, fin, length: payload.length, maskKey })
  xorCopy(payload, buffer, at, maskKey)
  return at + payload.length
}

/** Room in front of a payload for any header. */
export const frameHeadroomBytes = 14

/**
 * Makes a client's binary frame of `length` payload bytes that lie in `buffer` behind {@link frameHeadroomBytes}, and are masked there.
 *
 * @returns where the frame begins
 */
export function maskInPlace(buffer: Uint8Array, length: number): number {
  const maskKey = randomMaskKey()
  const start = frameHeadroomBytes - frameHeaderLength(length, true)
  writeFrameHeader(buffer, start, { opcode: Opcode.binary, fin: true, length, maskKey })
  xorRegion(buffer, frameHeadroomBytes, frameHeadroomBytes, length, maskKey, 0)
  return start
}

/**
 * Puts the header of a binary frame of a server in front of a payload that lies at {@link frameHeadroomBytes} already.
 *
 * @returns where the frame begins
 */
export function headInPlace(buffer: Uint8Array, length: number): number {
  const start = frameHeadroomBytes - frameHeaderLength(length, false)
  writeFrameHeader(buffer, start, { opcode: Opcode.binary, fin: true, length })
  return start
}

/** Random words are drawn in bulk: one call to the generator for many frames. */
const maskKeys = new Int32Array(1024)
let nextMaskKey = maskKeys.length

function randomMaskKey(): number {
  if (nextMaskKey === maskKeys.length) {
    crypto.getRandomValues(maskKeys)
    nextMaskKey = 0
  }
  const key = maskKeys[nextMaskKey] as number
  nextMaskKey += 1
  return key
}
