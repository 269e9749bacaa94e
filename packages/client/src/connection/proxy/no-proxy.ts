import { BlockList, isIP } from 'node:net'

/**
 * Says whether a `NO_PROXY` list names a destination. Entries are separated by commas or spaces: `*`, a host name (which
 * also means all names below it, with or without a dot in front), `*.suffix`, an address, a network (`10.0.0.0/8`), each with `:port` if only
 * that port is meant. Names are compared as they are written: nothing is resolved for it.
 */
export function isExempt(list: string, host: string, port: number): boolean {
  const name = bare(host)
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry.toLowerCase(), name, port))
}

/** True for this machine itself, which no proxy elsewhere can mean. */
export function isLoopback(host: string): boolean {
  const name = bare(host)
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  return isIP(name) !== 0 && (inNetwork(name, '127.0.0.0', 8) || inNetwork(name, '::1', 128))
}

function matches(entry: string, name: string, port: number): boolean {
  if (entry === '*') return true
  const [, text = entry, wantedPort] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(entry) ?? []
  if (wantedPort !== undefined && Number(wantedPort) !== port) return false
  const network = /^\[?([0-9a-f:.]+)\]?\/(\d{1,3})$/.exec(text)
  if (network?.[1] !== undefined) return isIP(name) !== 0 && inNetwork(name, network[1], Number(network[2]))
  const wanted = bare(text)
  if (isIP(wanted) !== 0) return isIP(name) !== 0 && inNetwork(name, wanted, isIP(wanted) === 4 ? 32 : 128)
  const suffix = wanted.replace(/^\*?\./, '')
  return suffix !== '' && (name === suffix || name.endsWith(`.${suffix}`))
}

/** Addresses are compared as numbers: IPv6 has many spellings. */
function inNetwork(address: string, network: string, prefix: number): boolean {
  const kind = isIP(network) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(network) === 0 || prefix > (kind === 'ipv6' ? 128 : 32)) return false
  const list = new BlockList()
  list.addSubnet(network, prefix, kind)
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
}
