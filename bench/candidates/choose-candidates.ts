import { delimiter, join } from 'node:path'
import type { Workload } from '../load/workload-table.ts'
import type { BenchOptions } from '../options.ts'
import { findCandidates } from './all-candidates.ts'
import type { Candidate } from './candidate.ts'
import { readPeersFile } from './peers-file.ts'

/** What is measured, and why the rest is not. */
export interface ChosenCandidates {
  readonly measured: Candidate[]
  readonly skipped: string[]
}

/** Finds the candidates that the options ask for, and gets them ready. @throws {Error} when none can be measured. */
export async function chooseCandidates(
  benchFolder: string,
  options: BenchOptions,
  workloads: readonly Workload[],
): Promise<ChosenCandidates> {
  const peers =
    options.peersFile === undefined ? undefined : readPeersFile(options.peersFile, join(benchFolder, 'peers'))
  // Programs that a peer starts look there as well.
  if (peers !== undefined) process.env['PATH'] = [...peers.path, process.env['PATH']].join(delimiter)
  const all = findCandidates(benchFolder, { peerFiles: peers?.files, furtherPeerFiles: options.peerFiles })
  const unknown = options.only.find((name) => !all.some((candidate) => candidate.name === name))
  if (unknown !== undefined) {
    throw new Error(`There is no candidate '${unknown}' (known: ${all.map(({ name }) => name).join(', ')}).`)
  }
  const chosen: ChosenCandidates = { measured: [], skipped: [] }
  for (const candidate of all) {
    const isNamed = options.only.includes(candidate.name)
    if (options.only.length > 0 && !isNamed) continue
    if (!isNamed && !candidate.runsByDefault && !options.all && peers === undefined) {
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
