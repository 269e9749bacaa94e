import { describeMachine } from '../report/machine.ts'
import { formatSpread, toSpread } from '../report/statistics.ts'
import { formatSvgPanels } from '../report/svg-panels.ts'
import { alignMarkdown } from '../report/tables.ts'
import type { EntitySample } from './entity-sample.ts'
import type { PairSample } from './measure-pairs.ts'

/** Files of the two pictures, beside each other. */
export const pictureNames = { pairs: 'growth-pairs.svg', entities: 'growth-entities.svg' } as const

/** What the section is made of. */
export interface GrowthReport {
  /** The command as a reader can repeat it. */
  readonly command: string
  /** Load average of the minute before the first measurement. */
  readonly loadBefore: number
  /** Files that one process may open. */
  readonly fileLimit: number
  readonly repetitions: number
  readonly seconds: number
  readonly pairs: readonly PairSample[]
  readonly entities: readonly EntitySample[]
  /** What could not be measured, and why. */
  readonly problems: readonly string[]
  /** Folder of the pictures as a link from the page finds it; undefined: none were written. */
  readonly pictureFolder: string | undefined
}

interface Column<Sample> {
  readonly title: string
  readonly decimals: number
  readonly read: (sample: Sample) => number | undefined
}

const pairColumns: readonly Column<PairSample>[] = [
  { title: 'opened/s', decimals: 0, read: ({ openedPerSecond }) => openedPerSecond },
  { title: 'next connection p50 ms', decimals: 2, read: ({ connectP50Us }) => toMs(connectP50Us) },
  { title: 'p99 ms', decimals: 2, read: ({ connectP99Us }) => toMs(connectP99Us) },
  { title: 'ping-pong p50 us', decimals: 0, read: ({ pingP50Us }) => pingP50Us },
  { title: 'p99 us', decimals: 0, read: ({ pingP99Us }) => pingP99Us },
  { title: 'KiB/pair', decimals: 1, read: ({ bytesPerPair }) => bytesPerPair / 1_024 },
  { title: 'relay KiB/pair', decimals: 1, read: (sample) => toKib(sample.relayBytesPerPair) },
  { title: 'files in the relay', decimals: 0, read: ({ relayFiles }) => relayFiles },
]

const entityColumns: readonly Column<EntitySample>[] = [
  { title: 'start to ready, ms', decimals: 0, read: ({ readyMs }) => readyMs },
  { title: 'CPU ms', decimals: 0, read: ({ readyCpuMs }) => readyCpuMs },
  { title: 'memory when ready, MB', decimals: 0, read: ({ memoryBytes }) => memoryBytes / 1e6 },
  { title: 'sender p50 ms', decimals: 2, read: ({ senderP50Ms }) => senderP50Ms },
  { title: 'p99 ms', decimals: 2, read: ({ senderP99Ms }) => senderP99Ms },
  { title: 'decision, signature, CPU us', decimals: 1, read: ({ signatureUs }) => signatureUs },
  { title: 'decision, bearer token, CPU us', decimals: 1, read: ({ bearerUs }) => bearerUs },
]

/** What bench/results.md says about growth. */
export function formatGrowthSection(report: GrowthReport): string {
  const { pairs, entities, problems } = report
  const parts = ['## Growth', formatList(describeMethod(report))]
  if (pairs.length > 0)
    parts.push('### Idle pairs in one relay process', formatPairs(pairs), ...pictureOf(report, 'pairs'))
  if (entities.length > 0)
    parts.push('### Hybrid connections', formatEntities(entities), ...pictureOf(report, 'entities'))
  if (problems.length > 0) parts.push('### Not measured in full', formatList(problems))
  return parts.join('\n\n')
}

function describeMethod({ command, loadBefore, fileLimit, repetitions, seconds }: GrowthReport): readonly string[] {
  return [
    `Machine: ${describeMachine()}`,
    `Load average in the minute before: ${loadBefore.toFixed(1)} (above 0.5, something else ran as well)`,
    `Command: \`${command}\`, ${new Date().toISOString().slice(0, 10)}; ${repetitions} repetitions with fresh processes; median [range]`,
    `A pair: a client's connection that has sent 128 bytes, got them back, and is silent. Beside all pairs, ${seconds} s each: new ` +
      'connections one after the other (connect, 128 bytes there and back, close), and one ping-pong of 128 bytes. Memory is that of all processes.',
    `A process may open ${fileLimit} files. With a relayed connection for each pair (\`postern-one-each\`), 9,000 pairs are 18,000 sockets in the relay and as many in each of the two ends; with carriers the relay holds a few.`,
    'Hybrid connections lie in namespaces of 100, made through the API; the relay is started on them with TLS, SQLite and the audit log.',
  ]
}

function formatPairs(samples: readonly PairSample[]): string {
  const groups = Map.groupBy(samples, ({ candidate, wanted }) => `${wanted} ${candidate}`)
  const rows = [...groups.values()]
    .toSorted(([one], [other]) => (one?.wanted ?? 0) - (other?.wanted ?? 0))
    .map((group) => [
      group[0]?.candidate ?? '',
      countOf(group),
      ...pairColumns.map((column) => formatCell(group, column)),
    ])
  return alignMarkdown([['candidate', 'pairs', ...pairColumns.map(({ title }) => title)], ...rows])
}

/** How many there are, and how many there should be where those differ. */
function countOf(group: readonly PairSample[]): string {
  const wanted = group[0]?.wanted ?? 0
  const least = Math.min(...group.map(({ open }) => open))
  return least === wanted ? String(wanted) : `only ${least} of ${wanted}`
}

function formatEntities(samples: readonly EntitySample[]): string {
  const groups = [...Map.groupBy(samples, ({ entities }) => entities)].toSorted(([one], [other]) => one - other)
  const rows = groups.map(([entities, group]) => [
    String(entities),
    ...entityColumns.map((column) => formatCell(group, column)),
  ])
  return alignMarkdown([['hybrid connections', ...entityColumns.map(({ title }) => title)], ...rows])
}

function formatCell<Sample>(group: readonly Sample[], { read, decimals }: Column<Sample>): string {
  const spread = toSpread(group.map(read).filter((value) => value !== undefined))
  return spread === undefined ? '-' : formatSpread(spread, decimals)
}

function pictureOf({ pictureFolder }: GrowthReport, name: keyof typeof pictureNames): readonly string[] {
  if (pictureFolder === undefined) return []
  const what = { pairs: 'Growth with idle pairs', entities: 'Growth with hybrid connections' }[name]
  return [`![${what}](${pictureFolder}/${pictureNames[name]})`]
}

/** Three panels over the number of pairs: next connection, ping-pong, memory. */
export function drawPairs(samples: readonly PairSample[]): string {
  const candidates = [...new Set(samples.map(({ candidate }) => candidate))]
  type Read = (sample: PairSample) => number | undefined
  const seriesOf = (suffix: string, read: Read): readonly Series[] =>
    candidates.map((name) => {
      const own = samples.filter(({ candidate }) => candidate === name)
      return { name: name + suffix, points: medians(own, ({ open }) => open, read) }
    })
  return formatSvgPanels({
    title: 'Idle pairs in one relay process',
    xLabel: 'idle pairs',
    yLabel: 'ms',
    hasLogarithmicX: true,
    columns: 3,
    panels: [
      {
        title: 'Next connection',
        series: [
          ...seriesOf(', p50', ({ connectP50Us }) => toMs(connectP50Us)),
          ...seriesOf(', p99', ({ connectP99Us }) => toMs(connectP99Us)),
        ],
      },
      {
        title: 'Ping-pong of one active pair',
        series: [
          ...seriesOf(', p50', ({ pingP50Us }) => toMs(pingP50Us)),
          ...seriesOf(', p99', ({ pingP99Us }) => toMs(pingP99Us)),
        ],
      },
      {
        title: 'Memory of a pair, all processes',
        yLabel: 'KiB',
        series: seriesOf(', memory', ({ bytesPerPair }) => bytesPerPair / 1_024),
      },
    ],
  })
}

/** Three panels over the number of hybrid connections: start, memory, decision. */
export function drawEntities(samples: readonly EntitySample[]): string {
  const lineOf = (name: string, read: (sample: EntitySample) => number): Series => ({
    name,
    points: medians(samples, ({ entities }) => entities, read),
  })
  return formatSvgPanels({
    title: 'Hybrid connections in one relay',
    xLabel: 'hybrid connections',
    yLabel: 'ms',
    hasLogarithmicX: true,
    columns: 3,
    panels: [
      { title: 'Start to ready', series: [lineOf('start', ({ readyMs }) => readyMs)] },
      { title: 'Memory when ready', yLabel: 'MB', series: [lineOf('memory', ({ memoryBytes }) => memoryBytes / 1e6)] },
      {
        title: 'May this sender? CPU time',
        yLabel: 'us',
        series: [
          lineOf('signature', ({ signatureUs }) => signatureUs),
          lineOf('bearer token', ({ bearerUs }) => bearerUs),
        ],
      },
    ],
  })
}

interface Series {
  readonly name: string
  readonly points: readonly (readonly [number, number])[]
}

/** The median of each x, from small to large. */
function medians<Sample>(
  samples: readonly Sample[],
  xOf: (sample: Sample) => number,
  read: (sample: Sample) => number | undefined,
): Series['points'] {
  return [...Map.groupBy(samples, xOf)]
    .toSorted(([one], [other]) => one - other)
    .flatMap(([x, group]) => {
      const spread = toSpread(group.map(read).filter((value) => value !== undefined))
      // What has no answer has no point.
      return spread === undefined ? [] : [[x, spread.median] as const]
    })
}

function toMs(us: number | undefined): number | undefined {
  return us === undefined ? undefined : us / 1_000
}

function toKib(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 1_024
}

function formatList(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n')
}
