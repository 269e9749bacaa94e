import { RelayError } from '@postern/protocol'

// What azbridge says on a relayed connection before any payload. Observed: recorded conversations with azbridge 693a395.
//
//   sender   -> 01 00 <mode> <length>    version 1.0, mode, length of the port name in bytes
//   sender   -> <port name>              UTF-8, a WebSocket message of its own
//   listener -> 01 00 <mode>             accepted; payload follows in both directions
//           or  00 00 <reason>           refused
//
// Message borders carry no meaning: both readers work on the byte stream.

/** How the bytes behind the preamble are to be read: a byte stream (TCP, Unix sockets) or length-prefixed datagrams. */
export type PreambleMode = 'stream' | 'datagram'

/** What the sender's end asks for. */
export interface Preamble {
  readonly mode: PreambleMode
  /** Which of the listener's targets is meant; azbridge's default is the local port number as text. */
  readonly portName: string
}

/** What the listener's end answers. */
export type PreambleReply = 'accepted' | 'unknownVersion' | 'targetIsDatagram' | 'targetIsStream'

/** A port name has one byte for its length. */
export const maxPortNameBytes = 255

const modeBytes = { stream: 0, datagram: 1 } as const
const headerBytes = 4
const replyBytes = 3

/** Third byte of a refusal; an acceptance repeats the mode in its place. */
const refusalBytes = { unknownVersion: 0x00, targetIsDatagram: 0x01, targetIsStream: 0xff } as const

/**
 * Encodes what the sender's end says first: the two messages as azbridge sends them.
 *
 * @throws {RelayError} InvalidConfiguration when the port name is longer than {@link maxPortNameBytes}.
 */
export function encodePreamble({ mode, portName }: Preamble): readonly [header: Uint8Array, name: Uint8Array] {
  const name = new TextEncoder().encode(portName)
  if (name.length > maxPortNameBytes) {
    throw new RelayError('InvalidConfiguration', {
      message: `The port name "${portName.slice(0, 40)}..." has ${name.length} bytes; at most ${maxPortNameBytes} fit the preamble`,
    })
  }
  return [Uint8Array.of(1, 0, modeBytes[mode], name.length), name]
}

/** Encodes the listener's answer. */
export function encodePreambleReply(reply: PreambleReply, mode: PreambleMode): Uint8Array {
  return reply === 'accepted' ? Uint8Array.of(1, 0, modeBytes[mode]) : Uint8Array.of(0, 0, refusalBytes[reply])
}

/** A whole preamble and the first payload bytes that came with it. */
export interface ReadPreamble {
  /** Undefined when the sender speaks another version: answer `unknownVersion`. */
  readonly preamble: Preamble | undefined
  readonly rest: Uint8Array
}

/** Reads the sender's preamble from chunks of any size. At most 259 bytes are kept. */
export class PreambleDecoder {
  #bytes = new Uint8Array(0)

  /** Takes the next chunk; returns undefined until the preamble is whole. Not to be called after it was. */
  push(chunk: Uint8Array): ReadPreamble | undefined {
    this.#bytes = concat(this.#bytes, chunk)
    const [major, minor, mode, nameLength] = this.#bytes
    if (major === undefined || minor === undefined || mode === undefined || nameLength === undefined) return undefined
    if (major !== 1 || minor !== 0 || mode > modeBytes.datagram) return { preamble: undefined, rest: new Uint8Array(0) }
    const end = headerBytes + nameLength
    if (this.#bytes.length < end) return undefined
    const portName = new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.#bytes.subarray(headerBytes, end))
    const preamble: Preamble = { mode: mode === modeBytes.datagram ? 'datagram' : 'stream', portName }
    return { preamble, rest: this.#bytes.subarray(end) }
  }
}

/** The listener's whole answer and the first payload bytes that came with it. */
export interface ReadPreambleReply {
  /** Undefined when the three bytes mean nothing in azbridge's protocol: the far end speaks something else. */
  readonly reply: PreambleReply | undefined
  readonly rest: Uint8Array
}

/** Reads the listener's answer from chunks of any size. */
export class PreambleReplyDecoder {
  readonly #mode: PreambleMode
  #bytes = new Uint8Array(0)

  /** @param mode what was asked for: an acceptance must repeat it. */
  constructor(mode: PreambleMode) {
    this.#mode = mode
  }

  /** Takes the next chunk; returns undefined until the answer is whole. Not to be called after it was. */
  push(chunk: Uint8Array): ReadPreambleReply | undefined {
    this.#bytes = concat(this.#bytes, chunk)
    if (this.#bytes.length < replyBytes) return undefined
    return { reply: this.#reply(), rest: this.#bytes.subarray(replyBytes) }
  }

  #reply(): PreambleReply | undefined {
    const [first, second, third] = this.#bytes
    if (first === 1 && second === 0) return third === modeBytes[this.#mode] ? 'accepted' : undefined
    if (first !== 0 || second !== 0) return undefined
    if (third === refusalBytes.unknownVersion) return 'unknownVersion'
    if (third === refusalBytes.targetIsDatagram) return 'targetIsDatagram'
    return third === refusalBytes.targetIsStream ? 'targetIsStream' : undefined
  }
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.length + tail.length)
  whole.set(head)
  whole.set(tail, head.length)
  return whole
}
