import { canonicalAddress } from './canonical-address.ts'
import type { IngressEntry } from './ingress-entry.ts'

/** Ports that the management API may open. The resources file needs no grant: the operator wrote it. */
export interface IngressGrant {
  /** In canonical form; absent: at any address of the machine. */
  readonly address?: string
  readonly first: number
  readonly last: number
  /** Absent: both. */
  readonly protocol?: IngressEntry['protocol']
}

/** Whether an entry is within one of the grants. */
export function isGranted(
  grants: readonly IngressGrant[],
  { address, port, protocol }: Pick<IngressEntry, 'address' | 'port' | 'protocol'>,
): boolean {
  const wanted = address === undefined ? undefined : canonicalAddress(address)
  return grants.some(
    (grant) =>
      (grant.address === undefined || grant.address === wanted) &&
      (grant.protocol ?? protocol) === protocol &&
      grant.first <= port &&
      port <= grant.last,
  )
}

/** As {@link parseIngressGrant} reads it. */
export function formatIngressGrant({ address, first, last, protocol }: IngressGrant): string {
  const place = address === undefined ? '' : `${address.includes(':') ? `[${address}]` : address}:`
  return `${place}${first}${last === first ? '' : `-${last}`}${protocol === undefined ? '' : `/${protocol}`}`
}

/**
 * Reads `[ADDRESS:]PORT[-PORT][/tcp|/udp]`; IPv6 addresses stand in brackets.
 * @returns what is wrong with it as text
 */
export function parseIngressGrant(text: string): IngressGrant | string {
  const form = `"${text}" must be a port or ports, such as 443, 8000-8999, 10.0.0.5:443 or 5353/udp`
  const [, bracketed, plain, from = '', to = from, protocol] =
    /^(?:\[([\da-f:.]+)\]:|([\d.]+):)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp))?$/i.exec(text) ?? []
  if (from === '') return form
  const [first, last] = [Number(from), Number(to)]
  if (first < 1 || last > 65_535) return `"${text}": ports are 1 to 65535`
  if (last < first) return `"${text}": the first port must not be above the last one`
  const named = bracketed ?? plain
  const address = named === undefined ? undefined : canonicalAddress(named)
  if (named !== undefined && address === undefined) return form
  const kind = protocol?.toLowerCase()
  return {
    ...(address !== undefined && { address }),
    first,
    last,
    ...((kind === 'tcp' || kind === 'udp') && { protocol: kind }),
  }
}
