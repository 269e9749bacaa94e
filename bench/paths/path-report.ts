import { describeMachine } from '../report/machine.ts'
import { formatSpread, toSpread } from '../report/statistics.ts'
import { formatSvgPanels } from '../report/svg-panels.ts'
import { alignMarkdown } from '../report/tables.ts'

/** One candidate at one point, once. */
export interface PathResult {
  readonly candidate: string
  /** There and back. */
  readonly roundTripMs: number
  /** In each direction. */
  readonly lossPercent: number
  readonly streams: number
  readonly megabytesPerSecond: number
}

/** What the section is made of. */
export interface PathSectionOptions {
  /** Names of all that were tried, with or without success. */
  readonly candidates: readonly string[]
  readonly results: readonly PathResult[]
  /** The command as a reader can repeat it. */
  readonly command: string
  /** Load average of the minute before the first measurement. */
  readonly loadBefore: number
  readonly seconds: number
  /** Congestion control of both networks, as they said it themselves. */
  readonly congestion: string
  /** Why other candidates are not in it. */
  readonly skipped: readonly string[]
  /** The picture as a link from the page finds it; undefined: none was drawn. */
  readonly picture: string | undefined
}

/** A table with one row for each point: medians with least and most. */
export function formatPathSection(options: PathSectionOptions): string {
  const { candidates, results, command, loadBefore, seconds, congestion, skipped, picture } = options
  const points = new Map(results.map((result) => [keyOf(result), result]))
  const rows = [...points].map(([key, { streams, lossPercent, roundTripMs }]) => [
    ...[String(streams), `${lossPercent} %`, `${roundTripMs} ms`],
    ...candidates.map((candidate) => {
      const at = results.filter((result) => result.candidate === candidate && keyOf(result) === key)
      const spread = toSpread(at.map(({ megabytesPerSecond }) => megabytesPerSecond))
      return spread === undefined ? '-' : formatSpread(spread, spread.median < 10 ? 2 : 0)
    }),
  ])
  const lines = [
    `- Machine: ${describeMachine(congestion)}, load average in the minute before: ${loadBefore.toFixed(1)}`,
    `- Command: \`${command}\`, ${new Date().toISOString().slice(0, 10)}`,
    `- MB/s from target to client over one link, ${seconds} s each, after 4 s in which windows grow; congestion control ${congestion}; median [range]`,
    `- ${describeLink(results)}`,
    ...skipped.map((reason) => `- Not measured: ${reason}`),
  ]
  const table = alignMarkdown([['streams', 'loss', 'round trip', ...candidates], ...rows])
  const link = picture === undefined ? '' : `\n![throughput over round trip and loss](${picture})\n`
  return `## Long paths\n\n${lines.join('\n')}\n\n${table}\n${link}`
}

/** The link is a program: what it can carry bounds every row, and is told with them. */
function describeLink(results: readonly PathResult[]): string {
  const alone = results.filter(({ candidate, lossPercent }) => candidate === 'direct' && lossPercent === 0)
  const most = Math.max(0, ...alone.map(({ megabytesPerSecond }) => megabytesPerSecond))
  const found =
    most === 0 ? '' : `: direct TCP without loss got ${most.toFixed(most < 10 ? 1 : 0)} MB/s at most in this run`
  return (
    'The link: two TUN devices and a program that holds each packet back (no netem), nftables for the loss. It shares the cores with all that is measured, and has a ' +
    `limit of its own${found}. Near that number the link, not a candidate, is what is seen.`
  )
}

/** A panel for each number of streams and each loss, speed over delay. */
export function drawPaths(results: readonly PathResult[]): string {
  const losses = unique(results.map(({ lossPercent }) => lossPercent))
  const panels = unique(results.map(({ streams }) => streams)).flatMap((streams) =>
    losses.map((lossPercent) => {
      const here = results.filter((result) => result.streams === streams && result.lossPercent === lossPercent)
      return {
        title: `${streams} ${streams === 1 ? 'stream' : 'streams'}, ${lossPercent} % of packets lost`,
        series: unique(here.map(({ candidate }) => candidate)).map((name) => ({ name, points: pointsOf(here, name) })),
      }
    }),
  )
  return formatSvgPanels({
    title: 'Bulk over one long link, target to client',
    xLabel: 'round trip, ms',
    yLabel: 'MB/s',
    panels,
    columns: losses.length,
    hasLogarithmicY: true,
  })
}

/** What a logarithmic axis shows of nothing, in MB/s. */
const leastShown = 0.01

function pointsOf(results: readonly PathResult[], name: string): readonly (readonly [number, number])[] {
  const mine = results.filter(({ candidate }) => candidate === name)
  return unique(mine.map(({ roundTripMs }) => roundTripMs)).map((roundTripMs) => {
    const speeds = mine.filter((result) => result.roundTripMs === roundTripMs)
    const spread = toSpread(speeds.map(({ megabytesPerSecond }) => megabytesPerSecond))
    return [roundTripMs, Math.max(spread?.median ?? 0, leastShown)] as const
  })
}

function keyOf({ streams, lossPercent, roundTripMs }: PathResult): string {
  return `${streams} ${lossPercent} ${roundTripMs}`
}

/** In ascending order where they are numbers, else as they come. */
function unique<T extends string | number>(values: readonly T[]): readonly T[] {
  const all = [...new Set(values)]
  return all.every((value) => typeof value === 'number') ? all.toSorted((one, other) => one - other) : all
}
