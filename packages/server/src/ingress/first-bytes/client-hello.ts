/** What the first bytes of a connection say about a TLS ClientHello. */
export type ClientHello =
  /** Ask again with more bytes. */
  | { readonly kind: 'incomplete' }
  /** Not a ClientHello, or one that is broken: TLS itself will say so. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly serverName?: string; readonly protocols: readonly string[] }

/** One full record; hellos with post-quantum keys and tickets take 2 KiB. */
export const maxHelloBytes = 16_384

const extensionServerName = 0
const extensionAlpn = 16

/**
 * Reads name and application protocols of a ClientHello at the beginning of `bytes`. Keeps no state: call it with all
 * bytes so far until it no longer answers `incomplete`.
 * @see RFC 8446 sections 4.1.2 and 5.1, RFC 6066 section 3, RFC 7301 section 3.1
 */
export function readClientHello(bytes: Uint8Array): ClientHello {
  const handshake = joinRecords(bytes)
  if (handshake === undefined || (handshake.length > 0 && handshake[0] !== 1)) {
    return { kind: 'absent' }
  }
  if (handshake.length < 4) {
    return { kind: 'incomplete' }
  }
  const reader = new Reader(handshake.subarray(1))
  const length = reader.number(3) ?? 0
  if (length > maxHelloBytes) {
    return { kind: 'absent' }
  }
  const body = reader.bytes(length)
  return body === undefined ? { kind: 'incomplete' } : (readBody(new Reader(body)) ?? { kind: 'absent' })
}

/** The payloads of the handshake records that have begun. */
function joinRecords(bytes: Uint8Array): Uint8Array | undefined {
  const parts: number[] = []
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== 22) {
      return undefined
    }
    if (bytes.length < at + 5) {
      break
    }
    const length = ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0)
    if (length === 0 || length > maxHelloBytes) {
      return undefined
    }
    parts.push(...bytes.subarray(at + 5, at + 5 + length))
    at += 5 + length
  }
  return Uint8Array.from(parts)
}

function readBody(body: Reader): ClientHello | undefined {
  const isWhole =
    body.bytes(2 + 32) !== undefined &&
    body.vector(1) !== undefined &&
    body.vector(2) !== undefined &&
    body.vector(1) !== undefined
  if (!isWhole) {
    return undefined
  }
  const extensions = new Reader(body.vector(2) ?? new Uint8Array())
  let serverName: string | undefined
  let protocols: readonly string[] = []
  while (!extensions.isAtEnd) {
    const type = extensions.number(2)
    const content = extensions.vector(2)
    if (type === undefined || content === undefined) {
      return undefined
    }
    if (type === extensionServerName) {
      serverName = readServerName(new Reader(content))
    } else if (type === extensionAlpn) {
      protocols = readProtocols(new Reader(content))
    }
  }
  return { kind: 'present', ...(serverName === undefined ? {} : { serverName }), protocols }
}

function readServerName(extension: Reader): string | undefined {
  const list = new Reader(extension.vector(2) ?? new Uint8Array())
  const type = list.number(1)
  const name = list.vector(2)
  return type === 0 && name !== undefined ? toText(name).toLowerCase() : undefined
}

function readProtocols(extension: Reader): string[] {
  const list = new Reader(extension.vector(2) ?? new Uint8Array())
  const protocols: string[] = []
  while (!list.isAtEnd) {
    const protocol = list.vector(1)
    if (protocol === undefined) {
      break
    }
    protocols.push(toText(protocol))
  }
  return protocols
}

function toText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 255))
}

/** Reads from the front; what is not there in full is `undefined`. */
class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  bytes(length: number): Uint8Array | undefined {
    const end = this.#at + length
    if (end > this.#bytes.length) {
      return undefined
    }
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  number(size: 1 | 2 | 3): number | undefined {
    return this.bytes(size)?.reduce((value, byte) => value * 256 + byte, 0)
  }

  /** Bytes behind a length of `size` bytes. */
  vector(size: 1 | 2): Uint8Array | undefined {
    const length = this.number(size)
    return length === undefined ? undefined : this.bytes(length)
  }
}
