import { delimiter, join } from 'node:path'
import type { Workload } from '../load/workload-table.ts'
import { findCandidates } from './all-candidates.ts'
import type { Candidate } from './candidate.ts'
import { readPeersFile } from './peers-file.ts'

/** Which candidates are asked for. */
export interface CandidateWish {
  /** Names; empty: all that run by default. */
  readonly only: readonly string[]
  /** Names and files of peers, and where their programs are; see readPeersFile. */
  readonly peersFile: string | undefined
  /** Further peer files, beside those of bench/peers. */
  readonly peerFiles?: readonly string[]
  /** Also those that do not run by default. */
  readonly all?: boolean
}

/** What is measured, and why the rest is not. */
export interface ChosenCandidates {
  readonly measured: Candidate[]
  readonly skipped: string[]
}

/** Finds the candidates that are asked for, and gets them ready. @throws {Error} when none can be measured. */
export async function chooseCandidates(
  benchFolder: string,
  { only, peersFile, peerFiles = [], all: takesAll = false }: CandidateWish,
  workloads: readonly Workload[],
): Promise<ChosenCandidates> {
  const peers = peersFile === undefined ? undefined : readPeersFile(peersFile, join(benchFolder, 'peers'))
  // Programs that a peer starts look there as well.
  if (peers !== undefined) process.env['PATH'] = [...peers.path, process.env['PATH']].join(delimiter)
  const all = findCandidates(benchFolder, { peerFiles: peers?.files, furtherPeerFiles: peerFiles })
  const unknown = only.find((name) => !all.some((candidate) => candidate.name === name))
  if (unknown !== undefined) {
    throw new Error(`There is no candidate '${unknown}' (known: ${all.map(({ name }) => name).join(', ')}).`)
  }
  const chosen: ChosenCandidates = { measured: [], skipped: [] }
  for (const candidate of all) {
    const isNamed = only.includes(candidate.name)
    if (only.length > 0 && !isNamed) continue
    if (!isNamed && !candidate.runsByDefault && !takesAll) {
      chosen.skipped.push(`${candidate.name}: left out by default (--all or --only ${candidate.name} measures it)`)
      continue
    }
    const hasRow = workloads.some(({ mode }) => (mode === 'relayed-http') === (candidate.answersRelayedHttp ?? false))
    if (!hasRow) continue
    const reason = await candidate.prepare()
    if (reason === undefined) chosen.measured.push(candidate)
    else chosen.skipped.push(`${candidate.name}: ${reason}`)
  }
  if (chosen.measured.length === 0) throw new Error(`Nothing can be measured: ${chosen.skipped.join('; ')}.`)
  return chosen
}
