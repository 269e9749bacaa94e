import { isIP, isIPv6, SocketAddress } from 'node:net'

/** A host as it is compared: lower case, without the dot at the end, an IPv6 address without brackets and in its short form. */
export function plainHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (isIPv6(bare)) return new SocketAddress({ address: bare, family: 'ipv6' }).address
  return bare.replace(/\.$/, '')
}

/** True for a host that is no name but an address: nothing asks for it by name. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0
}

/** True for `*.corp`. */
export function isWildcard(host: string): boolean {
  return host.startsWith('*.')
}

/** True when a name, at any depth, is below the wildcard's. */
export function matchesWildcard(wildcard: string, host: string): boolean {
  const suffix = wildcard.slice(1)
  return host.length > suffix.length && host.endsWith(suffix) && !isAddress(host)
}

/**
 * What a name can stand for: itself, and unless it ends with a dot, itself below each domain that the system searches.
 *
 * @example
 * candidateHosts('DB', ['corp']) // ['db', 'db.corp']
 */
export function candidateHosts(host: string, searchDomains: readonly string[]): readonly string[] {
  const plain = plainHost(host)
  if (host.endsWith('.') || isAddress(plain)) return [plain]
  return [plain, ...searchDomains.map((domain) => `${plain}.${domain}`)]
}

/** The names by which a host can be asked for where nothing is searched: itself, and what is left of a searched domain. */
export function namesOf(host: string, searchDomains: readonly string[]): readonly string[] {
  const shorter = searchDomains
    .filter((domain) => matchesWildcard(`*.${domain}`, host))
    .map((domain) => host.slice(0, -domain.length - 1))
  return [host, ...shorter]
}
