import type { Candidate } from '../candidates/candidate.ts'
import type { BenchOptions } from '../options.ts'
import { describeMachine, describePeerPrograms } from './machine.ts'
import type { Measurements } from './measurements.ts'

/** What the page is made of. */
export interface ResultsPageOptions {
  readonly options: BenchOptions
  /** The command as a reader can repeat it. */
  readonly command: string
  /** Load average of the minute before the first measurement. */
  readonly loadBefore: number
  /** Files that one process may open. */
  readonly fileLimit: number
  /** Path of wrk, if it is here. */
  readonly wrk: string | undefined
  readonly measured: readonly Candidate[]
  /** Why other candidates are not in the tables. */
  readonly skipped: readonly string[]
  readonly measurements: Measurements
  /** The tables as Markdown. */
  readonly tables: string
}

/** The page that bench/results.md holds: how it was measured, the tables, what went wrong. */
export function formatResultsPage(page: ResultsPageOptions): string {
  const { options, measured, skipped, measurements, tables } = page
  const sections = [
    '# Benchmark results',
    'The whole tunnel (client, local forwarder, relay, remote forwarder, target) beside its peers. Written by `npm run ' +
      'bench`; bench/README.md says how it is measured and how a peer joins.',
    formatList([
      `Machine: ${describeMachine()}`,
      `Load average in the minute before: ${page.loadBefore.toFixed(1)} (above 0.5, something else ran as well)`,
      `Programs: ${describePeerPrograms()}`,
      `Command: \`${page.command}\``,
      `Date: ${new Date().toISOString().slice(0, 10)}`,
      `Method: ${options.repetitions} repetitions with fresh processes; in each one every workload runs on all ` +
        `candidates in turn, ${options.warmupSeconds} s of warm-up and ${options.seconds} s measured; ` +
        `${options.idleConnections} idle connections. Loopback, nothing pinned.`,
      describeMeans(page),
      'Cells: median [range]. "times as good" is taken inside each repetition: 2x is twice as good as the candidate in ' +
        'the row, 0.5x half as good, in whichever direction is good.',
      '"load-bound": the load generator used a whole core, the candidate may be able to do more.',
      'CPU and memory: all processes of the candidate with threads and descendants; kernel buffers are not in the memory.',
    ]),
    `## Candidates\n\n${formatList(measured.map(({ name, about }) => `**${name}**: ${about}`))}`,
    `## Results\n\n${tables}`,
  ]
  if (skipped.length > 0) sections.push(`## Not measured\n\n${formatList(skipped)}`)
  if (measurements.problems.length > 0) sections.push(`## Problems\n\n${formatList(measurements.problems)}`)
  return `${sections.join('\n\n')}\n`
}

/** What is behind it: which figures are to be reached. */
const wantedOfCarriers =
  'Wanted: new connections 8 times, HTTP requests 1.5 times, memory of an idle connection at most a third (3x), bulk not slower (1x).'

/** The section of bench/results.md about carriers, beside the plain protocol in the same run. */
export function formatCarrierSection(page: ResultsPageOptions): string {
  const { options, measured, measurements, tables } = page
  const sections = [
    '## Carriers against the plain protocol',
    formatList([
      `Command: \`${page.command}\`, ${new Date().toISOString().slice(0, 10)}, ${describeMachine()}`,
      `Load average in the minute before: ${page.loadBefore.toFixed(1)} (above 0.5, something else ran as well: then only ratios and ` +
        'CPU time mean something; ratios are taken inside one repetition)',
      `${options.repetitions} repetitions with fresh processes, ${options.seconds} s measured; ${options.idleConnections} idle connections.`,
      wantedOfCarriers,
      ...measured.map(({ name, about }) => `**${name}**: ${about}`),
    ]),
    tables,
  ]
  if (measurements.problems.length > 0) sections.push(`### Problems\n\n${formatList(measurements.problems)}`)
  return `${sections.join('\n\n')}\n`
}

/** What the load was made with, and what the machine did not allow. */
function describeMeans({ fileLimit, wrk }: ResultsPageOptions): string {
  const http = wrk === undefined ? 'tcpload (wrk is not here)' : 'wrk, answered by tcpload'
  return `HTTP requests: ${http}. A process may open ${fileLimit} files: one that holds both ends of more than half as many connections fails.`
}

function formatList(lines: readonly string[]): string {
  return lines.map((line) => `- ${line.replaceAll('\n', ' ')}`).join('\n')
}
