import type { IngressEntry } from './ingress-entry.ts'

/** What decides whether two entries can stand side by side. */
export type IngressPlace = Pick<IngressEntry, 'name' | 'protocol' | 'address' | 'port' | 'sni' | 'hosts' | 'tls'> & {
  readonly trustedProxies?: readonly string[]
}

/** An entry that cannot stand beside an earlier one. */
export interface IngressClash {
  /** Its index. */
  readonly at: number
  readonly message: string
}

/** Finds entries that want a port, or a name on it, that an earlier entry has. */
export function findIngressClashes(entries: readonly IngressPlace[]): readonly IngressClash[] {
  return entries.flatMap((entry, at) => {
    for (const earlier of entries.slice(0, at)) {
      const message = clashOf(earlier, entry)
      if (message !== undefined) return [{ at, message }]
    }
    return []
  })
}

function clashOf(earlier: IngressPlace, entry: IngressPlace): string | undefined {
  if (earlier.port !== entry.port || earlier.protocol !== entry.protocol) return undefined
  const port = `port ${entry.port} (${entry.protocol})`
  if (earlier.address?.toLowerCase() !== entry.address?.toLowerCase()) {
    // Two addresses are two ports, but one of them and all of them are not.
    if (earlier.address !== undefined && entry.address !== undefined) return undefined
    return `${port} is bound to all addresses by one of "${earlier.name}" and this entry, and to one by the other; write the same address`
  }
  if (!isShared(earlier) || !isShared(entry)) {
    if (entry.port === 0) return undefined
    return `${port} is taken by "${earlier.name}"; entries share a port only by sni or hosts, in each of them`
  }
  if (String(earlier.trustedProxies ?? []) !== String(entry.trustedProxies ?? [])) {
    return `${port} is shared with "${earlier.name}", which trusts other proxies; write the same trustedProxies`
  }
  return clashOfNames(earlier, entry)
}

function isShared({ sni, hosts }: IngressPlace): boolean {
  return sni !== undefined || hosts !== undefined
}

function clashOfNames(earlier: IngressPlace, entry: IngressPlace): string | undefined {
  const taken = new Set(namesOf(earlier))
  // In the clear there is a Host and no server name; under TLS there are both.
  const isApart = isPlainHttp(earlier) !== isPlainHttp(entry)
  const same = isApart ? undefined : namesOf(entry).find((name) => taken.has(name))
  return same === undefined ? undefined : `"${same}" on port ${entry.port} leads to "${earlier.name}" already`
}

function isPlainHttp({ hosts, tls }: IngressPlace): boolean {
  return hosts !== undefined && tls !== 'terminate'
}

function namesOf({ sni = [], hosts = [] }: IngressPlace): readonly string[] {
  return [...sni, ...hosts].map((name) => name.toLowerCase())
}
