import type { IngressEntry } from '../domain/ingress-entry.ts'
import { type IngressGrant, isGranted } from '../domain/ingress-grant.ts'
import { type EntryNaming, IngressPlaces } from '../domain/ingress-places.ts'
import { ingressKey } from '../domain/ingress-status.ts'
import type { DocumentCopy } from './document-copy.ts'

/** An entry that is to be open, and the namespace that it belongs to. */
export interface StandingEntry {
  readonly owner: string
  readonly entry: IngressEntry
  /** Made by the management API; else the resources file declares it. */
  readonly isManaged: boolean
}

/** All ingress entries of a relay, and what they have taken. */
export interface StandingIngress {
  readonly entries: readonly StandingEntry[]
  readonly places: IngressPlaces
  /** Why an entry is not among them, by `ingressKey`. */
  readonly problems: ReadonlyMap<string, string>
}

/**
 * The entries of the resources file, then those of the management API in the order in which they were made: whoever wants what one
 * before him has stays closed. The file comes first because it was written knowing nothing of the others. An entry that is not
 * granted any more stays closed too.
 * @param without {@link ingressKey} of an entry that is left out
 */
export function standingIngress(
  documents: Pick<DocumentCopy, 'list' | 'get'>,
  grants: readonly IngressGrant[],
  without?: string,
): StandingIngress {
  const places = new IngressPlaces()
  const problems = new Map<string, string>()
  const entries: StandingEntry[] = []
  const names = new Set<string>()
  const take = (each: StandingEntry, problem: string | undefined): void => {
    const key = ingressKey(each.owner, each.entry.name)
    names.add(key)
    if (problem !== undefined) {
      problems.set(key, problem)
      return
    }
    entries.push(each)
    places.add(each.owner, each.entry)
  }
  for (const { document } of documents.list('namespace')) {
    const { name: owner, ingress } = document.value
    for (const entry of ingress) {
      take({ owner, entry, isManaged: false }, places.clashOf(entry, namingFor(owner)))
    }
  }
  for (const { document } of documents.list('ingress').toSorted(byAge)) {
    const { namespace: owner, entry } = document.value
    const key = ingressKey(owner, entry.name)
    if (names.has(key) || key === without || !documents.get('namespace', owner)) continue
    const naming = namingFor(owner)
    const problem = isGranted(grants, entry)
      ? (places.clashOf(entry, naming) ?? places.overlapOf(entry, owner, naming))
      : notGranted
    take({ owner, entry, isManaged: true }, problem)
  }
  return { entries, places, problems }
}

/** Names of other namespaces are not everybody's to know. */
export function namingFor(owner: string): EntryNaming {
  return (taken) =>
    taken.owner.toLowerCase() === owner.toLowerCase() ? `"${taken.place.name}"` : 'an entry of another namespace'
}

const notGranted = 'the relay does not let the management API open this port any more (--ingress-ports)'

interface Made {
  readonly key: string
  readonly document: { readonly value: { readonly createdAt: Date } }
}

function byAge(one: Made, other: Made): number {
  const ageMs = one.document.value.createdAt.getTime() - other.document.value.createdAt.getTime()
  return ageMs === 0 ? (one.key < other.key ? -1 : 1) : ageMs
}
