import { isIPv4, isIPv6 } from 'node:net'
import { canonicalAddress } from '../../domain/canonical-address.ts'
import type { RemoteEndpoint } from '../../domain/remote-endpoint.ts'

/** What the first bytes of a connection say about a PROXY protocol header. */
export type ProxyHeader =
  /** The bytes may be the beginning of a header: ask again with more. */
  | { readonly kind: 'incomplete' }
  /** The connection begins with something else. */
  | { readonly kind: 'absent' }
  /** A header was begun and is wrong: the connection must be dropped. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** `length` bytes belong to the header. No source: the proxy speaks for itself (health check, unknown protocol). */
  | { readonly kind: 'present'; readonly length: number; readonly source?: RemoteEndpoint }

/** The longest version 1 line, its CRLF included. PROXY protocol specification, section 2.1 */
const maxLineBytes = 107

/**
 * Bytes that a version 2 header may announce after its first 16. Addresses take 216 at most; the rest is for TLVs, of
 * which client certificates in PP2_SUBTYPE_SSL are the longest in use.
 */
const maxVersion2Payload = 4096

/** The most bytes that `readProxyHeader` can ask for. */
export const maxProxyHeaderBytes: number = 16 + maxVersion2Payload

const linePrefix = new TextEncoder().encode('PROXY ')
const signature = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)

/**
 * Reads a PROXY protocol header of version 1 or 2 at the beginning of `bytes`. Neither prefix can begin a TLS or HTTP
 * conversation. Keeps no state: call it with all bytes so far until it no longer answers `incomplete`.
 * @see haproxy "The PROXY protocol", sections 2.1 and 2.2
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (startsAlike(bytes, linePrefix)) {
    return bytes.length < linePrefix.length ? { kind: 'incomplete' } : readLine(bytes)
  }
  if (startsAlike(bytes, signature)) {
    return bytes.length < 16 ? { kind: 'incomplete' } : readVersion2(bytes)
  }
  return { kind: 'absent' }
}

function startsAlike(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, at) => at >= bytes.length || bytes[at] === byte)
}

function readLine(bytes: Uint8Array): ProxyHeader {
  const end = bytes.subarray(0, maxLineBytes).indexOf(0x0a)
  if (end < 0) {
    return bytes.length < maxLineBytes ? { kind: 'incomplete' } : malformed('the line is longer than 107 bytes')
  }
  const line = String.fromCharCode(...bytes.subarray(0, end + 1))
  const length = line.length
  if (/^PROXY UNKNOWN(?: [^\r\n]*)?\r\n$/.test(line)) {
    return { kind: 'present', length }
  }
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = ''] =
    /^PROXY TCP([46]) (\S+) (\S+) (\S+) (\S+)\r\n$/.exec(line) ?? []
  const isAddress = family === '4' ? isIPv4 : isIPv6
  if (family === undefined || source.includes('%') || !isAddress(source) || !isAddress(destination)) {
    return malformed('the line does not name two addresses of its family')
  }
  const address = canonicalAddress(source)
  if (address === undefined || !isPort(sourcePort) || !isPort(destinationPort)) {
    return malformed('the line does not name two ports')
  }
  return { kind: 'present', length, source: { address, port: Number(sourcePort) } }
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
}

function readVersion2(bytes: Uint8Array): ProxyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const versionAndCommand = view.getUint8(12)
  const family = view.getUint8(13)
  const payloadLength = view.getUint16(14)
  if (versionAndCommand !== 0x20 && versionAndCommand !== 0x21) {
    return malformed('the version or command is unknown')
  }
  if (payloadLength > maxVersion2Payload) {
    return malformed(`the header announces more than ${maxVersion2Payload} bytes`)
  }
  const length = 16 + payloadLength
  if (bytes.length < length) {
    return { kind: 'incomplete' }
  }
  if (versionAndCommand === 0x20) {
    return { kind: 'present', length }
  }
  return readVersion2Source(view, family, length)
}

function readVersion2Source(view: DataView, family: number, length: number): ProxyHeader {
  const payloadLength = length - 16
  switch (family) {
    case 0x11:
    case 0x12:
      return payloadLength < 12
        ? malformed('the IPv4 addresses are cut short')
        : { kind: 'present', length, source: { address: readIPv4(view, 16), port: view.getUint16(24) } }
    case 0x21:
    case 0x22:
      return payloadLength < 36
        ? malformed('the IPv6 addresses are cut short')
        : { kind: 'present', length, source: { address: readIPv6(view, 16), port: view.getUint16(48) } }
    case 0x00:
    case 0x31:
    case 0x32:
      return { kind: 'present', length }
    default:
      return malformed('the address family or transport is unknown')
  }
}

function readIPv4(view: DataView, at: number): string {
  return [0, 1, 2, 3].map((byte) => view.getUint8(at + byte)).join('.')
}

function readIPv6(view: DataView, at: number): string {
  const text = [0, 2, 4, 6, 8, 10, 12, 14].map((byte) => view.getUint16(at + byte).toString(16)).join(':')
  return canonicalAddress(text) ?? text
}

function malformed(reason: string): ProxyHeader {
  return { kind: 'malformed', reason }
}
