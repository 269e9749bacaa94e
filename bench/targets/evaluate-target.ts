import { metricTable } from '../load/workload-table.ts'
import { type RunDocument, readMedian } from './run-document.ts'
import type { Target } from './target-table.ts'

/** A candidate's number. */
export interface Best {
  readonly candidate: string
  readonly value: number
}

/** A target in one run; what was not measured there is undefined. */
export interface TargetInRun {
  readonly ours: Best | undefined
  readonly others: Best | undefined
  /** How many times as good ours is, whichever direction is good. */
  readonly ratio: number | undefined
  /** Undefined also where nothing is wanted. */
  readonly isMet: boolean | undefined
}

/** What one run says of a target. */
export function evaluateTarget(target: Target, run: RunDocument): TargetInRun {
  const ours = findBest(target, target.ours, run)
  const others = findBest(target, target.others, run)
  const ratio = ours && others && (isHigherBetter(target) ? ours.value / others.value : others.value / ours.value)
  const { wantedFactor, wantedMost } = target
  const isMet =
    wantedMost === undefined
      ? wantedFactor === undefined || ratio === undefined
        ? undefined
        : ratio >= wantedFactor
      : ours && ours.value <= wantedMost
  return { ours, others, ratio, isMet }
}

function findBest(target: Target, candidates: readonly string[], run: RunDocument): Best | undefined {
  const found = candidates.flatMap((candidate) => {
    const value = readValue(target, candidate, run)
    return value === undefined ? [] : [{ candidate, value }]
  })
  const [first] = found.toSorted((one, other) => one.value - other.value)
  return isHigherBetter(target) ? found.toSorted((one, other) => other.value - one.value)[0] : first
}

function readValue({ row, dividedBy, metric }: Target, candidate: string, run: RunDocument): number | undefined {
  const value = readMedian(run, candidate, row, metric)
  if (dividedBy === undefined) return value
  const divisor = readMedian(run, candidate, dividedBy, metric)
  return value && divisor && value / divisor
}

function isHigherBetter({ metric }: Target): boolean {
  return metricTable[metric].isHigherBetter
}
