import { dirname } from 'node:path'

import type { Candidate, RunningCandidate } from './candidates/candidate.ts'
import { isMeasurable, measureWorkload } from './load/measure-workload.ts'
import type { MeasureOptions } from './load/sample.ts'
import { type Workload, warmupRunSeconds, warmupsFor } from './load/workload-table.ts'
import type { Measurements } from './report/measurements.ts'

const repositoryFolder = dirname(import.meta.dirname)
const maximumDescription = 300

/** One repetition of everything. */
export interface RepetitionOptions extends MeasureOptions {
  readonly repetition: number
  readonly candidates: readonly Candidate[]
  readonly workloads: readonly Workload[]
  readonly measurements: Measurements
  /** Receives one short line for each step. */
  readonly onProgress: (text: string) => void
}

/**
 * Starts every candidate afresh and measures workload by workload, each on all candidates in turn, so that a change in
 * the machine's mood meets all of them. The order of the candidates moves on by one place in every repetition.
 */
export async function measureRepetition(options: RepetitionOptions): Promise<void> {
  const running = new Map<Candidate, RunningCandidate>()
  const shift = (options.repetition - 1) % options.candidates.length
  const order = [...options.candidates.slice(shift), ...options.candidates.slice(0, shift)]
  try {
    for (const candidate of order) await startCandidate(candidate, running, options)
    const isIdle = ({ mode }: Workload): boolean => mode === 'idle' || mode === 'listeners' || mode === 'set-up'
    const timed = options.workloads.filter((workload) => !isIdle(workload))
    await measureAll(options.workloads.filter(isIdle), order, running, options)
    await measureAll(warmupsFor(timed), order, running, { ...options, seconds: warmupRunSeconds })
    await measureAll(timed, order, running, options)
  } finally {
    await Promise.all([...running.values()].map(async (started) => await started.stop()))
  }
}

async function measureAll(
  workloads: readonly Workload[],
  order: readonly Candidate[],
  running: ReadonlyMap<Candidate, RunningCandidate>,
  options: RepetitionOptions,
): Promise<void> {
  for (const workload of workloads) {
    for (const candidate of order) {
      const started = running.get(candidate)
      if (started !== undefined) await measureOne(workload, candidate, started, options)
    }
  }
}

async function startCandidate(
  candidate: Candidate,
  running: Map<Candidate, RunningCandidate>,
  { measurements, repetition, onProgress }: RepetitionOptions,
): Promise<void> {
  onProgress(`start ${candidate.name}`)
  try {
    running.set(candidate, await candidate.start())
  } catch (error) {
    measurements.addProblem(`${candidate.name}, repetition ${repetition}: did not start: ${describe(error)}`)
  }
}

async function measureOne(
  workload: Workload,
  candidate: Candidate,
  started: RunningCandidate,
  options: RepetitionOptions,
): Promise<void> {
  const { measurements, repetition, onProgress } = options
  if (!isMeasurable(workload, started)) return
  onProgress(`${workload.name} ${candidate.name}`)
  try {
    measurements.add(candidate.name, workload.name, repetition, await measureWorkload(workload, started, options))
  } catch (error) {
    measurements.fail(candidate.name, workload.name, repetition, describe(error))
  }
}

function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  // Programs that fail print paths and stacks; the first words tell what happened.
  return text.replaceAll(repositoryFolder, '.').replaceAll(/\s+/g, ' ').slice(0, maximumDescription)
}
