import type { Candidate } from './candidate.ts'

/** How one candidate of our own programs differs from another. */
export interface OwnVariant {
  readonly name: string
  readonly about: string
  readonly usesTls: boolean
}

/** A candidate of our own programs: all that it needs is here. */
export function ownCandidate({ name, about, usesTls }: OwnVariant, start: Candidate['start']): Candidate {
  return { name, about, isEncrypted: usesTls, runsByDefault: true, prepare: async () => undefined, start }
}
