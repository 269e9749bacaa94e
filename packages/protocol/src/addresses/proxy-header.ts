/** The two ends of a connection that somebody forwards. */
export interface ProxiedConnection {
  readonly source: { readonly address: string; readonly port: number }
  readonly destination: { readonly address: string; readonly port: number }
  /** What it is made of. Default `stream`. */
  readonly transport?: 'stream' | 'datagram'
}

const signature = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)

/** Version 2, command PROXY. */
const versionAndCommand = 0x21

/** TCP and UDP over IPv4, and over IPv6. */
const families = { stream: { ipv4: 0x11, ipv6: 0x21 }, datagram: { ipv4: 0x12, ipv6: 0x22 } } as const

/**
 * Makes the PROXY protocol header of version 2 that a forwarder sends in front of all bytes, or of each datagram. Where one end is an IPv6 address
 * the other one is written as one too (`::ffff:192.0.2.1`).
 *
 * @see haproxy "The PROXY protocol", section 2.2
 * @throws {RangeError} when an address is none, or has a zone
 */
export function encodeProxyHeader({ source, destination, transport = 'stream' }: ProxiedConnection): Uint8Array {
  const isIPv4 = !source.address.includes(':') && !destination.address.includes(':')
  const addressBytes = isIPv4 ? 4 : 16
  const payloadBytes = 2 * addressBytes + 4
  const header = new Uint8Array(16 + payloadBytes)
  const view = new DataView(header.buffer)
  header.set(signature)
  view.setUint8(12, versionAndCommand)
  view.setUint8(13, families[transport][isIPv4 ? 'ipv4' : 'ipv6'])
  view.setUint16(14, payloadBytes)
  header.set(bytesOf(source.address, addressBytes), 16)
  header.set(bytesOf(destination.address, addressBytes), 16 + addressBytes)
  view.setUint16(16 + 2 * addressBytes, source.port)
  view.setUint16(18 + 2 * addressBytes, destination.port)
  return header
}

function bytesOf(address: string, length: 4 | 16): Uint8Array {
  if (length === 4) return ipv4Bytes(address)
  if (address.includes(':')) return ipv6Bytes(address)
  const mapped = new Uint8Array(16)
  mapped.fill(0xff, 10, 12)
  mapped.set(ipv4Bytes(address), 12)
  return mapped
}

function ipv4Bytes(address: string): Uint8Array {
  const parts = address.split('.')
  const isAddress = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)
  if (!isAddress) throw new RangeError(`"${address}" is no address`)
  return Uint8Array.from(parts, Number)
}

/** RFC 4291 section 2.2: groups of hex digits, `::` once for any number of zeros, the last 32 bits perhaps as IPv4. */
function ipv6Bytes(address: string): Uint8Array {
  const [head = '', tail, ...more] = address.split('::')
  const left = groupsOf(head)
  const right = tail === undefined ? [] : groupsOf(tail)
  const zeros = 8 - left.length - right.length
  const isWhole = tail === undefined ? zeros === 0 : zeros > 0
  const groups = [...left, ...Array.from({ length: Math.max(0, zeros) }, () => 0), ...right]
  if (more.length > 0 || !isWhole || groups.some(Number.isNaN)) throw new RangeError(`"${address}" is no address`)
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
}

function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((part) => {
    if (part.includes('.')) {
      const [a = 0, b = 0, c = 0, d = 0] = ipv4Bytes(part)
      return [a * 256 + b, c * 256 + d]
    }
    return [/^[\da-f]{1,4}$/i.test(part) ? Number.parseInt(part, 16) : Number.NaN]
  })
}
