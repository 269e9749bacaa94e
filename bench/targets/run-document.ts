import { readFileSync } from 'node:fs'

import type { MetricName } from '../load/workload-table.ts'

/** What `npm run bench -- --json` has printed, as far as it is read here. */
export interface RunDocument {
  readonly machine: string
  readonly command: string
  /** Day of the run; older documents do not say. */
  readonly date?: string
  readonly candidates: readonly {
    readonly name: string
    readonly workloads: readonly {
      readonly name: string
      readonly metrics: Readonly<Partial<Record<MetricName, { readonly median?: number }>>>
    }[]
  }[]
  readonly problems: readonly string[]
}

/** Reads the document of one run. @throws {Error} naming the file when it is none. */
export function readRunDocument(file: string): RunDocument {
  const text = readFileSync(file, 'utf8')
  try {
    const document: RunDocument = JSON.parse(text)
    if (Array.isArray(document.candidates) && Array.isArray(document.problems)) return document
  } catch {
    // Said below in words of ours.
  }
  throw new Error(`${file} is not what npm run bench -- --json prints.`)
}

/** The median of one metric; undefined where it was not measured, or nothing came through. */
export function readMedian(
  { candidates }: RunDocument,
  candidate: string,
  row: string,
  metric: MetricName,
): number | undefined {
  const workloads = candidates.find(({ name }) => name === candidate)?.workloads ?? []
  const median = workloads.find(({ name }) => name === row)?.metrics[metric]?.median
  return median !== undefined && median > 0 ? median : undefined
}
