import { execFileSync } from 'node:child_process'
import { describeMachine } from '../report/machine.ts'
import { formatSpread, toSpread } from '../report/statistics.ts'
import type { Broker } from './broker-table.ts'
import { payload } from './conversation.ts'
import type { FanOutSample } from './measure-fan-out.ts'

/** All windows of one broker: for each repetition, one for each number of subscribers. */
export interface BrokerResults {
  readonly broker: Broker
  readonly repetitions: readonly (readonly FanOutSample[])[]
}

export interface ResultsSectionOptions {
  readonly command: string
  readonly loadBefore: number
  readonly seconds: number
  readonly subscribers: readonly number[]
  /** Ours first. */
  readonly results: readonly BrokerResults[]
  /** Brokers that could not be measured, and why. */
  readonly missing: readonly string[]
}

/** What bench/results.md says about messages. */
export function formatResultsSection(options: ResultsSectionOptions): string {
  const { command, loadBefore, seconds, subscribers, results, missing } = options
  const repetitions = results[0]?.repetitions.length ?? 0
  const lines = [
    `Machine: ${describeMachine()}`,
    `Load average in the minute before: ${loadBefore.toFixed(1)} (above 0.5, something else ran as well: then only ratios and CPU time mean something)`,
    `Command: \`${command}\`, ${new Date().toISOString().slice(0, 10)}`,
    `Method: one publisher, ${payload.length} bytes a message, at most 64 on the way to the slowest subscriber; ${repetitions} repetitions, in each of them a fresh process for every broker in turn, ${seconds} s measured for each number of subscribers. The load (C, one thread, the same for all) counts what each subscriber gets: a missing or extra message fails the run.`,
    'Cells: median [range]; "times as good" is the ratio to ours inside one repetition: above 1, ours is better.',
    ...results.map(({ broker }) => `**${broker.name}**: ${broker.about}${versionOf(broker)}`),
    ...missing,
  ]
  const tables = subscribers.map((count, column) => {
    const title = `### ${count} ${count === 1 ? 'subscriber' : 'subscribers'}`
    return `${title}\n\n${formatTable(results, column)}`
  })
  return ['## Messages', lines.map((line) => `- ${line}`).join('\n'), ...tables].join('\n\n')
}

interface Column {
  readonly title: string
  readonly read: (sample: FanOutSample) => number
  readonly decimals: number
  readonly isCost?: boolean
}

const columns: readonly Column[] = [
  { title: 'published/s', read: (sample) => sample.publishedPerSecond, decimals: 0 },
  { title: 'delivered/s', read: (sample) => sample.deliveredPerSecond, decimals: 0 },
  { title: 'CPU us/delivery', read: (sample) => sample.cpuUsPerDelivery, decimals: 2, isCost: true },
]

function formatTable(results: readonly BrokerResults[], column: number): string {
  const [ours] = results
  const rows = results.map((each) => {
    const samples = each.repetitions.map((repetition) => repetition[column])
    const loadBound = samples.some((sample) => (sample?.loadShare ?? 0) > 0.9) ? ' (load-bound)' : ''
    const cells = columns.flatMap((measure) => {
      const values = samples.map((sample) => (sample ? measure.read(sample) : Number.NaN))
      const ratios = values.map((value, index) => {
        const own = ours?.repetitions[index]?.[column]
        const mine = own ? measure.read(own) : Number.NaN
        return measure.isCost === true ? value / mine : mine / value
      })
      return [format(values, measure.decimals), each === ours ? '-' : format(ratios, 2, 'x')]
    })
    return `| ${[`${each.broker.name}${loadBound}`, ...cells].join(' | ')} |`
  })
  const head = ['broker', ...columns.flatMap(({ title }) => [title, 'postern times as good'])]
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows].join('\n')
}

function format(values: readonly number[], decimals: number, sign = ''): string {
  const spread = toSpread(values)
  return spread ? formatSpread(spread, decimals, sign) : '-'
}

function versionOf({ version }: Broker): string {
  if (version === undefined) return ''
  const [program, flag] = version
  const script = `PATH=$PATH:/usr/sbin ${program} ${flag} 2>&1 | head -1`
  return ` (${execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim()})`
}
