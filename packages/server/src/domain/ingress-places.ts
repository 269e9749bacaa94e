import { canonicalAddress } from './canonical-address.ts'
import type { IngressEntry } from './ingress-entry.ts'

/** What decides whether two entries can stand side by side. */
export type IngressPlace = Pick<IngressEntry, 'name' | 'protocol' | 'address' | 'port' | 'sni' | 'hosts' | 'tls'> & {
  readonly trustedProxies?: readonly string[]
}

/** A place that is taken, and by whom. */
export interface TakenPlace {
  readonly owner: string
  readonly place: IngressPlace
}

/** How a message calls an entry. */
export type EntryNaming = (taken: TakenPlace) => string

const plainNaming: EntryNaming = ({ place }) => `"${place.name}"`

/** What is taken of one port at one address. */
interface Door {
  /** Has the whole port. */
  whole?: TakenPlace
  /** The first of those that share it. */
  shared?: TakenPlace
  readonly names: Map<string, TakenPlace>
  /** By what follows the first label. */
  readonly siblings: Map<string, TakenPlace[]>
}

/** Ports and names that entries have taken: whether one more can stand beside them costs the same for few and for many. */
export class IngressPlaces {
  readonly #ports = new Map<string, Map<string, Door>>()

  /** Why an entry cannot stand beside those that were added; undefined when it can. */
  clashOf(entry: IngressPlace, naming: EntryNaming = plainNaming): string | undefined {
    const doors = this.#ports.get(portKey(entry))
    if (!doors) return undefined
    const port = `port ${entry.port} (${entry.protocol})`
    // 0 is another port each time.
    const other = entry.port === 0 ? undefined : otherAddress(doors, entry)
    if (other) {
      return `${port} is bound to all addresses by one of ${naming(other)} and this entry, and to one by the other; write the same address`
    }
    const door = doors.get(addressKey(entry))
    if (!door) return undefined
    if (entry.port !== 0 && (door.whole ?? (isShared(entry) ? undefined : door.shared))) {
      const taken = door.whole ?? door.shared
      return `${port} is taken by ${taken ? naming(taken) : ''}; entries share a port only by sni or hosts, in each of them`
    }
    if (!isShared(entry) || !door.shared) return undefined
    if (String(door.shared.place.trustedProxies ?? []) !== String(entry.trustedProxies ?? [])) {
      return `${port} is shared with ${naming(door.shared)}, which trusts other proxies; write the same trustedProxies`
    }
    for (const { key, name } of namesOf(entry)) {
      const taken = door.names.get(key)
      if (taken) return `"${name}" on port ${entry.port} leads to ${naming(taken)} already`
    }
    return undefined
  }

  /**
   * Why an entry would take devices from those of another owner, or they from it: one has `*.example.com` and the other
   * `shop.example.com`. Within one owner's entries that is what wildcards are for.
   */
  overlapOf(entry: IngressPlace, owner: string, naming: EntryNaming = plainNaming): string | undefined {
    const door = this.#ports.get(portKey(entry))?.get(addressKey(entry))
    if (!door) return undefined
    for (const { key, name, family } of namesOf(entry)) {
      const wildcard = door.names.get(wildcardKey(family))
      const near = name.startsWith('*.') ? (door.siblings.get(family) ?? []) : wildcard ? [wildcard] : []
      const foreign = near.find((each) => each.owner.toLowerCase() !== owner.toLowerCase())
      if (foreign && !door.names.has(key)) {
        return `"${name}" on port ${entry.port} and a name of ${naming(foreign)} stand for one another; only entries of one namespace can`
      }
    }
    return undefined
  }

  add(owner: string, place: IngressPlace): void {
    const doors = this.#ports.get(portKey(place)) ?? new Map<string, Door>()
    this.#ports.set(portKey(place), doors)
    const door: Door = doors.get(addressKey(place)) ?? { names: new Map(), siblings: new Map() }
    doors.set(addressKey(place), door)
    const taken = { owner, place }
    if (!isShared(place)) {
      door.whole ??= taken
      return
    }
    door.shared ??= taken
    for (const { key, family } of namesOf(place)) {
      if (!door.names.has(key)) door.names.set(key, taken)
      const siblings = door.siblings.get(family)
      if (siblings) siblings.push(taken)
      else door.siblings.set(family, [taken])
    }
  }
}

function portKey({ protocol, port }: IngressPlace): string {
  return `${protocol} ${port}`
}

const allAddresses = '*'

/** One address in two spellings is one place. */
function addressKey({ address }: IngressPlace): string {
  return address === undefined ? allAddresses : (canonicalAddress(address) ?? address.toLowerCase())
}

/** Two addresses are two ports, but one of them and all of them are not. */
function otherAddress(doors: ReadonlyMap<string, Door>, entry: IngressPlace): TakenPlace | undefined {
  const key = entry.address === undefined ? [...doors.keys()].find((each) => each !== allAddresses) : allAddresses
  const door = key === undefined ? undefined : doors.get(key)
  return door && (door.whole ?? door.shared)
}

function isShared({ sni, hosts }: IngressPlace): boolean {
  return sni !== undefined || hosts !== undefined
}

interface TakenName {
  readonly name: string
  readonly key: string
  /** What a wildcard in place of the first label stands before. */
  readonly family: string
}

/** In the clear there is a Host and no server name; under TLS there are both. */
function namesOf({ sni = [], hosts = [], tls }: IngressPlace): readonly TakenName[] {
  const [kind, names] = hosts.length > 0 && tls !== 'terminate' ? ['plain', hosts] : ['tls', [...sni, ...hosts]]
  return names.map((each) => {
    const name = each.toLowerCase()
    return { name, key: `${kind} ${name}`, family: `${kind} ${name.slice(name.indexOf('.'))}` }
  })
}

function wildcardKey(family: string): string {
  return family.replace(' ', ' *')
}
