import { type MetricName, metricTable, type Workload } from '../load/workload-table.ts'
import type { Measurements } from './measurements.ts'
import { formatSpread } from './statistics.ts'

/** What the tables show. */
export interface TablesOptions {
  readonly measurements: Measurements
  /** Names of the candidates that were measured, in the order of the rows. */
  readonly candidates: readonly string[]
  /** The candidates that all others are compared with. */
  readonly subjects: readonly string[]
  readonly workloads: readonly Workload[]
}

/** Markdown with one table for each workload, aligned so that it also reads well in a terminal. */
export function formatTables(options: TablesOptions): string {
  return options.workloads.map((workload) => `### ${workload.title}\n\n${formatTable(workload, options)}`).join('\n\n')
}

/** Costs that are told by process as well. */
const cpuMetrics: readonly MetricName[] = ['cpuSecondsPerGiB', 'cpuMicrosecondsPerOperation']

function formatTable(workload: Workload, options: TablesOptions): string {
  const { measurements, candidates } = options
  const wasTried = (candidate: string): boolean => measurements.wasTried(candidate, workload.name)
  const subjects = options.subjects.filter(wasTried)
  // The two most telling metrics are compared: what is reached, and what it costs or how long its tail is.
  const compared = workload.metrics.slice(0, 2)
  const cost = workload.metrics.find((metric) => cpuMetrics.includes(metric))
  const header = [
    'candidate',
    ...workload.metrics.map((metric) => metricTable[metric].unit),
    ...(cost ? [`${metricTable[cost].unit} by process`] : []),
    ...subjects.flatMap((subject) =>
      compared.map((metric) => `${subject} times as good (${metricTable[metric].unit})`),
    ),
  ]
  const rows = candidates
    .filter(wasTried)
    .map((candidate) => [
      candidate + (measurements.isLoadBound(candidate, workload.name) ? ' (load-bound)' : ''),
      ...workload.metrics.map((metric) => formatMetric(measurements, candidate, workload, metric)),
      ...(cost ? [formatCosts(measurements, candidate, workload, cost)] : []),
      ...subjects.flatMap((subject) =>
        compared.map((metric) => formatAdvantage(measurements, { subject, candidate, workload, metric })),
      ),
    ])
  return alignMarkdown([header, ...rows])
}

function formatMetric(measurements: Measurements, candidate: string, workload: Workload, metric: MetricName): string {
  const spread = measurements.spread(candidate, workload.name, metric)
  return spread === undefined ? '-' : formatSpread(spread, metricTable[metric].decimals)
}

function formatCosts(measurements: Measurements, candidate: string, workload: Workload, metric: MetricName): string {
  const costs = [...measurements.costByProcess(candidate, workload.name, metric)]
  const { decimals } = metricTable[metric]
  // One process is all of it.
  return costs.length < 2 ? '-' : costs.map(([name, cost]) => `${name} ${cost.toFixed(decimals)}`).join(', ')
}

interface Comparison {
  readonly subject: string
  readonly candidate: string
  readonly workload: Workload
  readonly metric: MetricName
}

function formatAdvantage(measurements: Measurements, comparison: Comparison): string {
  const { subject, candidate, workload, metric } = comparison
  const spread = subject === candidate ? undefined : measurements.advantage(subject, candidate, workload.name, metric)
  return spread === undefined ? '-' : formatSpread(spread, 2, 'x')
}

/** Markdown with columns of one width. */
export function alignMarkdown(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`)
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}
