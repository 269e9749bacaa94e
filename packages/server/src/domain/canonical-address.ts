import { isIP, SocketAddress } from 'node:net'

/**
 * The one spelling of an address for comparing, counting and logs: lower case, compressed, no zone, IPv4 addresses in
 * IPv6 clothes (`::ffff:192.0.2.1`) as IPv4.
 */
export function canonicalAddress(text: string): string | undefined {
  const zone = text.indexOf('%')
  const bare = zone < 0 ? text : text.slice(0, zone)
  const version = isIP(bare)
  if (version === 0) {
    return undefined
  }
  if (version === 4) {
    return bare
  }
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' })
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}
