import type { IngressEntry } from './ingress-entry.ts'

/** The part of an entry that doubts are about. */
export type DoubtfulEntry = {
  readonly [Key in 'tls' | 'sni' | 'hosts' | 'certificate']?: IngressEntry[Key] | undefined
}

/** Something that an entry says and that will hardly be meant: it stands all the same. */
export interface IngressDoubt {
  readonly key: 'hybridConnection' | 'sni' | 'hosts'
  /** What follows the key in a sentence. */
  readonly message: string
}

/** Names whose TLS ends at the relay, and that none of its certificates has: clients will not believe that they are here. */
export function doubtNames(entry: DoubtfulEntry, isKnown: (name: string) => boolean): readonly IngressDoubt[] {
  if (entry.tls !== 'terminate') return []
  return (['sni', 'hosts'] as const).flatMap((key) => {
    const unknown = (entry[key] ?? []).filter((name) => !isKnown(name))
    if (unknown.length === 0) return []
    const whose = entry.certificate ? 'the certificate of the entry does not have' : 'no certificate of the relay has'
    const shown = unknown.slice(0, maxShown).join(', ') + (unknown.length > maxShown ? ', ...' : '')
    return [{ key, message: `${whose} ${shown}: clients will refuse the connection` }]
  })
}

const maxShown = 5
