import { describeMachine } from '../report/machine.ts'
import { formatSpread, toSpread } from '../report/statistics.ts'
import { type CallName, callNames, type EstateMeasurement } from './measure-estate.ts'

/** The repetitions with an estate of one size. */
export interface EstateResults {
  /** Head of its column. */
  readonly name: string
  readonly repetitions: readonly EstateMeasurement[]
  /** PUTs a second while it was created. */
  readonly createdPerSecond: number
}

export interface ResultsSectionOptions {
  readonly command: string
  readonly loadBefore: number
  readonly calls: number
  readonly estates: readonly EstateResults[]
}

/** What bench/results.md says about the management plane. */
export function formatResultsSection({ command, loadBefore, calls, estates }: ResultsSectionOptions): string {
  const repetitions = estates[0]?.repetitions.length ?? 0
  const lines = [
    `Machine: ${describeMachine()}`,
    `Load average in the minute before: ${loadBefore.toFixed(1)} (above 0.5, something else ran as well: then CPU time says more than time)`,
    `Command: \`${command}\``,
    `Date: ${new Date().toISOString().slice(0, 10)}`,
    `Method: \`postern server\` from source with TLS, SQLite and the audit log; ${repetitions} repetitions, in each of them a fresh process for every estate in turn; ${calls} calls of each kind, one after the other over one HTTPS connection, each about another resource.`,
    'Cells: median [range] of the repetitions. CPU time is that of all threads of the relay. A list holds 10 entries of the small estate, 100 of the large one.',
    '`sender`: a request through the data door to a hybrid connection without a listener: authorised by shared access signature, then refused. "Decision" is the part of it that asks who may: host, path, credential, rights; CPU time, measured in the process.',
  ]
  return [
    '## Management plane',
    'How it bears many resources. Written by `npm run bench:management`.',
    lines.map((line) => `- ${line}`).join('\n'),
    formatTable(estates),
  ].join('\n\n')
}

function formatTable(estates: readonly EstateResults[]): string {
  const rows = rowsOf().map(({ title, read, decimals }) => [
    title,
    ...estates.map(({ repetitions }) => {
      const spread = toSpread(repetitions.map(read))
      return spread ? formatSpread(spread, decimals) : '-'
    }),
  ])
  rows.push(['created through the API, 16 at once, PUTs/s', ...estates.map((each) => each.createdPerSecond.toFixed(0))])
  const head = ['', ...estates.map(({ name }) => name)]
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n')
}

interface Row {
  readonly title: string
  readonly read: (measurement: EstateMeasurement) => number
  readonly decimals: number
}

function rowsOf(): readonly Row[] {
  const call = (name: CallName): readonly Row[] => [
    { title: `${titles[name]}, p50 ms`, read: ({ calls }) => calls[name].p50Ms, decimals: 2 },
    { title: `${titles[name]}, p99 ms`, read: ({ calls }) => calls[name].p99Ms, decimals: 2 },
    { title: `${titles[name]}, CPU ms`, read: ({ calls }) => calls[name].cpuMs, decimals: 2 },
  ]
  return [
    { title: 'start of the process to ready, ms', read: ({ readyMs }) => readyMs, decimals: 0 },
    { title: 'start of the process to ready, CPU ms', read: ({ readyCpuMs }) => readyCpuMs, decimals: 0 },
    { title: 'memory when ready (PSS), MB', read: ({ memoryBytes }) => memoryBytes / 1e6, decimals: 0 },
    ...callNames.flatMap(call),
    { title: 'decision, signature, CPU us', read: ({ decisions }) => decisions.signatureUs, decimals: 1 },
    { title: 'decision, bearer token, CPU us', read: ({ decisions }) => decisions.bearerUs, decimals: 1 },
  ]
}

const titles: Readonly<Record<CallName, string>> = {
  list: 'list of a namespace, first page',
  get: 'get a hybrid connection',
  put: 'put a hybrid connection',
  sender: 'sender',
}
