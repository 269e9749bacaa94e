import { type IngressPlace, IngressPlaces } from './ingress-places.ts'

/** An entry that cannot stand beside an earlier one. */
export interface IngressClash {
  /** Its index. */
  readonly at: number
  readonly message: string
}

/** Finds entries that want a port, or a name on it, that an earlier entry has. */
export function findIngressClashes(entries: readonly IngressPlace[]): readonly IngressClash[] {
  const places = new IngressPlaces()
  return entries.flatMap((entry, at) => {
    const message = places.clashOf(entry)
    places.add('', entry)
    return message === undefined ? [] : [{ at, message }]
  })
}
