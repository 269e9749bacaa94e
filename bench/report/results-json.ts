import type { Candidate } from '../candidates/candidate.ts'
import { type MetricName, metricTable, type Workload } from '../load/workload-table.ts'
import { describeMachine } from './machine.ts'
import type { Measurements } from './measurements.ts'

/** What goes into the JSON document. */
export interface ResultsJsonOptions {
  readonly command: string
  readonly measured: readonly Candidate[]
  readonly skipped: readonly string[]
  readonly workloads: readonly Workload[]
  readonly measurements: Measurements
}

/** The same results for programs: every spread and every single sample. */
export function formatResultsJson(results: ResultsJsonOptions): string {
  const { command, measured, skipped, workloads, measurements } = results
  return JSON.stringify({
    machine: describeMachine(),
    command,
    date: new Date().toISOString().slice(0, 10),
    candidates: measured.map(({ name, about, isEncrypted }) => ({
      name,
      about,
      isEncrypted,
      workloads: workloads.map((workload) => ({
        name: workload.name,
        metrics: Object.fromEntries(
          workload.metrics.map((metric: MetricName) => [
            metric,
            { unit: metricTable[metric].unit, ...measurements.spread(name, workload.name, metric) },
          ]),
        ),
        samples: [...measurements.samples(name, workload.name).values()],
      })),
    })),
    skipped,
    problems: measurements.problems,
  })
}
