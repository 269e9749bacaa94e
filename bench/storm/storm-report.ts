import { describeMachine } from '../report/machine.ts'
import { formatSpread, toSpread } from '../report/statistics.ts'
import { alignMarkdown } from '../report/tables.ts'
import { cutSeconds, everyMs, type StormSample } from './measure-storm.ts'

/** What the section is made of. */
export interface StormReport {
  /** The command as a reader can repeat it. */
  readonly command: string
  /** Load average of the minute before the first measurement. */
  readonly loadBefore: number
  /** Files that one process may open. */
  readonly fileLimit: number
  readonly repetitions: number
  readonly streams: number
  readonly seconds: number
  /** Listeners that dial at the same moment. */
  readonly atOnce: number
  /** Priority of the crowd. */
  readonly nice: number
  readonly samples: readonly StormSample[]
  /** What could not be measured, and why. */
  readonly problems: readonly string[]
}

const columns: readonly {
  readonly title: string
  readonly decimals: number
  readonly sign?: string
  readonly read: (sample: StormSample) => number
}[] = [
  { title: 'all there again, s', decimals: 1, read: ({ seconds }) => seconds },
  { title: 'attempts made again', decimals: 0, read: ({ retries }) => retries },
  { title: 'relay CPU ms each', decimals: 2, read: ({ relayCpuSeconds, open }) => (relayCpuSeconds * 1_000) / open },
  { title: 'relay MB after', decimals: 0, read: ({ relayBytes }) => relayBytes / 1e6 },
  { title: 'p50 before, us', decimals: 0, read: ({ before }) => before.p50Us },
  { title: 'p50 of the cut, us', decimals: 0, read: ({ cut }) => cut.p50Us },
  { title: 'p50 during, us', decimals: 0, read: ({ during }) => during.p50Us },
  { title: 'p99 before, us', decimals: 0, read: ({ before }) => before.p99Us },
  { title: 'p99 of the cut, us', decimals: 0, read: ({ cut }) => cut.p99Us },
  { title: 'p99 during, us', decimals: 0, read: ({ during }) => during.p99Us },
  { title: 'p99 during / before', decimals: 1, sign: 'x', read: ({ before, during }) => during.p99Us / before.p99Us },
]

/** What bench/results.md says about storms. */
export function formatStormSection(report: StormReport): string {
  const { command, loadBefore, fileLimit, repetitions, streams, seconds, atOnce, nice, samples, problems } = report
  const wanted = samples[0]?.wanted ?? 0
  const lines = [
    `Machine: ${describeMachine()}`,
    `Load average in the minute before: ${loadBefore.toFixed(1)} (above 0.5, something else ran as well)`,
    `Command: \`${command}\`, ${new Date().toISOString().slice(0, 10)}; ${repetitions} repetitions with fresh processes; median [range]`,
    `${wanted} idle listeners with ids of their own are registered at one hybrid connection. The process that holds them is killed; ${cutSeconds} s later as many new ones dial as ` +
      `fast as they can, ${atOnce} at a time, from 250 addresses, with a TLS session each; who is turned away comes again as our client does. The relay has its usual limits for strangers.`,
    `Running traffic: ping-pong of 128 bytes, ${streams} streams, each every ${everyMs} ms (what a slow answer kept from beginning counts as if it had begun), through local end, relay and remote end; "before" is ${seconds} s beside the idle listeners, "the cut" the ${cutSeconds} s in which all their sockets end, "during" the time in which they come again.`,
    `The crowd runs at a lower priority (nice ${nice}): it stands for other machines. A process may open ${fileLimit} files.`,
    'Wanted: all there again in under 30 s, p99 of running traffic less than twice as long.',
  ]
  const groups = [...Map.groupBy(samples, ({ candidate }) => candidate)]
  const rows = groups.map(([candidate, group]) => [
    candidate,
    ...columns.map(({ read, decimals, sign }) => {
      const spread = toSpread(group.map(read))
      return spread === undefined ? '-' : formatSpread(spread, decimals, sign)
    }),
  ])
  const parts = ['## Reconnect storm', formatList(lines)]
  if (rows.length > 0) parts.push(alignMarkdown([['candidate', ...columns.map(({ title }) => title)], ...rows]))
  if (problems.length > 0) parts.push('### Problems', formatList(problems))
  return parts.join('\n\n')
}

function formatList(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n')
}
