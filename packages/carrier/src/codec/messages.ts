import { CarrierError } from './carrier-error.ts'
import {
  FrameType,
  frameHeaderBytes,
  maxContextBytes,
  maxIdBytes,
  maxReasonBytes,
  maxTargetBytes,
  openFixedBytes,
  pingBytes,
  resumeBytes,
  secretBytes,
} from './frame-type.ts'
import { readU16, readU32, readU48, writeU16, writeU32, writeU48 } from './numbers.ts'

/** Versions that this code speaks. */
const lowestVersion = 1
const highestVersion = 1
const features = { resume: 1, datagrams: 2 } as const
const helloFixedBytes = 23
/** Where a PING of ours has its time. */
const pingTimeAt = 2

/** What an end says of itself first. */
export interface Hello {
  /** The listener's id; empty from a sender. */
  readonly id: string
  readonly maxStreams: number
  readonly firstCreditBytes: number
  readonly resumeTimeoutMs: number
  /** Another process, another number: what one has forgotten the other never knew. At most 2^48 - 1. */
  readonly epoch: number
}

/** How a stream's position is told: all below `received` is here, all below `limit` may be sent. */
export interface Position {
  readonly received: number
  readonly limit: number
}

/** RESUME, or the beginning of OPEN. */
export interface Resume extends Position {
  readonly attempt: number
  /** The secret, as hex: a key of maps. */
  readonly secret: string
}

/** OPEN. */
export interface Open extends Resume {
  readonly kind: 'tcp' | 'udp'
  readonly target: string
  readonly context: string
}

export interface Attached extends Position {
  readonly attempt: number
  readonly isConnected: boolean
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

/** Writes the header of a frame. @returns where its payload goes */
export function writeHeader(
  buffer: Uint8Array,
  at: number,
  frame: { readonly type: number; readonly length: number; readonly stream: number },
): number {
  return writeHeaderFields(buffer, at, frame.type, frame.length, frame.stream)
}

/** The same from plain numbers: for the data path. */
export function writeHeaderFields(
  buffer: Uint8Array,
  at: number,
  type: number,
  length: number,
  stream: number,
): number {
  writeU32(buffer, at, type * 0x100_0000 + length)
  writeU32(buffer, at + 4, stream)
  return at + frameHeaderBytes
}

export function encodeHello(hello: Hello): Uint8Array {
  const id = encoder.encode(hello.id)
  const frame = new Uint8Array(frameHeaderBytes + helloFixedBytes + id.length)
  const at = writeHeader(frame, 0, { type: FrameType.hello, length: helloFixedBytes + id.length, stream: 0 })
  frame[at] = lowestVersion
  frame[at + 1] = highestVersion
  writeU16(frame, at + 2, features.resume | features.datagrams)
  writeU32(frame, at + 4, hello.maxStreams)
  writeU32(frame, at + 8, hello.firstCreditBytes)
  writeU32(frame, at + 12, hello.resumeTimeoutMs)
  writeU48(frame, at + 16, hello.epoch)
  frame[at + 22] = id.length
  frame.set(id, at + helloFixedBytes)
  return frame
}

/** A PING with the time at which it leaves, milliseconds, to be read from the answer by {@link decodePong}. */
export function encodePing(sentAtMs: number): Uint8Array {
  const frame = new Uint8Array(frameHeaderBytes + pingBytes)
  const at = writeHeader(frame, 0, { type: FrameType.ping, length: pingBytes, stream: 0 })
  writeU48(frame, at + pingTimeAt, sentAtMs)
  return frame
}

/** @returns the time that was in the PING */
export function decodePong(payload: Uint8Array): number {
  return readU48(payload, pingTimeAt)
}

/** @throws {CarrierError} */
export function decodeHello(payload: Uint8Array): Hello {
  const [lowest = 0, highest = 0] = payload
  if (lowest > highest) throw new CarrierError('CARRIER_FRAME_CONTENT')
  if (lowest > highestVersion || highest < lowestVersion) throw new CarrierError('CARRIER_VERSION')
  const idBytes = payload[22] ?? 0
  if (idBytes > maxIdBytes || helloFixedBytes + idBytes > payload.length)
    throw new CarrierError('CARRIER_FRAME_CONTENT')
  const id = decodeText(payload.subarray(helloFixedBytes, helloFixedBytes + idBytes))
  if (/[^\x21-\x7e]/.test(id)) throw new CarrierError('CARRIER_FRAME_CONTENT')
  const canResume = (readU16(payload, 2) & features.resume) !== 0
  return {
    id,
    maxStreams: readU32(payload, 4),
    firstCreditBytes: readU32(payload, 8),
    resumeTimeoutMs: canResume ? readU32(payload, 12) : 0,
    epoch: readU48(payload, 16),
  }
}

/** The most that {@link writeOpen} writes. */
export const maxOpenFrameBytes: number = frameHeaderBytes + openFixedBytes + maxTargetBytes + maxContextBytes

/** Target and context as OPEN carries them. @throws {RangeError} when one is too long */
export function encodeOpenTail(target: string, context: string): Uint8Array {
  const targetBytes = Buffer.byteLength(target)
  const contextBytes = Buffer.byteLength(context)
  if (targetBytes > maxTargetBytes) throw new RangeError(`A target has at most ${maxTargetBytes} bytes`)
  if (contextBytes > maxContextBytes) throw new RangeError(`A context has at most ${maxContextBytes} bytes`)
  // A slice of Node's own pool.
  const tail = Buffer.allocUnsafe(2 + targetBytes + contextBytes)
  writeU16(tail, 0, targetBytes)
  tail.write(target, 2)
  tail.write(context, 2 + targetBytes)
  return tail
}

/** What OPEN and RESUME are written from. */
export interface ResumeFields extends Position {
  readonly stream: number
  readonly attempt: number
  readonly secret: Uint8Array
}

export function writeOpen(
  buffer: Uint8Array,
  at: number,
  open: ResumeFields & { readonly kind: 'tcp' | 'udp'; readonly tail: Uint8Array },
): number {
  const length = resumeBytes + 1 + open.tail.length
  const start = writeHeader(buffer, at, { type: FrameType.open, length, stream: open.stream })
  const next = writeResumePayload(buffer, start, open)
  buffer[next] = open.kind === 'udp' ? 1 : 0
  buffer.set(open.tail, next + 1)
  return next + 1 + open.tail.length
}

export function writeResume(buffer: Uint8Array, at: number, resume: ResumeFields): number {
  const start = writeHeader(buffer, at, { type: FrameType.resume, length: resumeBytes, stream: resume.stream })
  return writeResumePayload(buffer, start, resume)
}

function writeResumePayload(
  buffer: Uint8Array,
  at: number,
  { attempt, secret, received, limit }: ResumeFields,
): number {
  writeU32(buffer, at, attempt)
  buffer.set(secret, at + 4)
  writeU48(buffer, at + 4 + secretBytes, received)
  writeU48(buffer, at + 10 + secretBytes, limit)
  return at + resumeBytes
}

/** @throws {CarrierError} */
export function decodeOpen(payload: Uint8Array): Open {
  const kind = payload[resumeBytes] ?? 0
  const targetBytes = readU16(payload, resumeBytes + 1)
  const end = openFixedBytes + targetBytes
  if (kind > 1 || targetBytes > maxTargetBytes || end > payload.length || payload.length - end > maxContextBytes) {
    throw new CarrierError('CARRIER_FRAME_CONTENT')
  }
  return {
    ...decodeResume(payload),
    kind: kind === 1 ? 'udp' : 'tcp',
    target: decodeText(payload.subarray(openFixedBytes, end)),
    context: decodeText(payload.subarray(end)),
  }
}

export function decodeResume(payload: Uint8Array): Resume {
  return {
    attempt: readU32(payload, 0),
    secret: hexOf(payload.subarray(4, 4 + secretBytes)),
    received: readU48(payload, 4 + secretBytes),
    limit: readU48(payload, 10 + secretBytes),
  }
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

export const attachedFrameBytes: number = frameHeaderBytes + 17

export function writeAttached(
  buffer: Uint8Array,
  at: number,
  attached: Attached & { readonly stream: number },
): number {
  const start = writeHeader(buffer, at, { type: FrameType.attached, length: 17, stream: attached.stream })
  writeU32(buffer, start, attached.attempt)
  buffer[start + 4] = attached.isConnected ? 1 : 0
  writeU48(buffer, start + 5, attached.received)
  writeU48(buffer, start + 11, attached.limit)
  return start + 17
}

export function decodeAttached(payload: Uint8Array): Attached {
  return {
    attempt: readU32(payload, 0),
    isConnected: ((payload[4] ?? 0) & 1) !== 0,
    received: readU48(payload, 5),
    limit: readU48(payload, 11),
  }
}

/** RESET and GO_AWAY: a code and words for people, cut at the limit. */
export function encodeReason(frame: {
  readonly type: number
  readonly stream: number
  readonly code: number
  readonly reason: string
}): Uint8Array {
  const text = new Uint8Array(maxReasonBytes)
  const { written } = encoder.encodeInto(frame.reason, text)
  const bytes = new Uint8Array(frameHeaderBytes + 2 + written)
  const at = writeHeader(bytes, 0, { type: frame.type, length: 2 + written, stream: frame.stream })
  writeU16(bytes, at, frame.code)
  bytes.set(text.subarray(0, written), at + 2)
  return bytes
}

/** The words of a peer, fit for a log line: without control characters, and never a reason to fail. */
export function decodeReason(payload: Uint8Array): { readonly code: number; readonly reason: string } {
  const reason = lenientUtf8.decode(payload.subarray(2)).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')
  return { code: readU16(payload, 0), reason }
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new CarrierError('CARRIER_FRAME_CONTENT')
  }
}
