import type { Candidate } from './candidate.ts'

/** How one candidate of our own programs differs from another. */
export interface OwnVariant {
  readonly name: string
  readonly about: string
  readonly usesTls: boolean
  /** Default true. */
  readonly runsByDefault?: boolean
}

/** A candidate of our own programs: all that it needs is here. */
export function ownCandidate(
  { name, about, usesTls, runsByDefault = true }: OwnVariant,
  start: Candidate['start'],
): Candidate {
  return { name, about, isEncrypted: usesTls, runsByDefault, prepare: async () => undefined, start }
}
