import type { MetricName, Workload } from './workload-table.ts'

/** How a workload is run. */
export interface MeasureOptions {
  readonly loadBinary: string
  /** Path of wrk, which makes the HTTP requests; undefined: the load program does. */
  readonly wrk: string | undefined
  readonly seconds: number
  readonly warmupSeconds: number
  readonly idleConnections: number
}

/** What one run of one workload on one candidate gave. */
export interface Sample {
  readonly metrics: Readonly<Partial<Record<MetricName, number>>>
  /** Connections that failed or bytes that came out changed. */
  readonly errors: number
  /** Share of one core that the load itself used: near 1 means that the load, not the candidate, was the limit. */
  readonly loadShare: number
  /** CPU seconds in the window by process name; descendants count with their ancestor. */
  readonly cpuByProcess: Readonly<Record<string, number>>
  /** What the load said about the errors. */
  readonly complaint: string
}

/** What a load has counted. */
export interface Counted {
  readonly seconds: number
  readonly bytes: number
  readonly operations: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly errors: number
}

/** Nothing ran beside it and nothing failed. */
export const quiet = { errors: 0, loadShare: 0, cpuByProcess: {}, complaint: '' } as const

const bytesPerGiB = 1024 ** 3

/** What has moved nothing has no speed and no latency, and costs nothing. @throws {Error} when a load has counted none of what its row tells. */
export function demandTraffic(
  { mode, bulkConnections = 0 }: Pick<Workload, 'mode' | 'bulkConnections'>,
  { bytes, operations }: Pick<Counted, 'bytes' | 'operations'>,
  complaint: string,
): void {
  const isBulk = mode === 'up' || mode === 'down' || mode === 'both'
  const reason = complaint === '' ? 'silence' : complaint
  if ((isBulk || bulkConnections > 0) && bytes === 0) throw new Error(`no byte came through: ${reason}`)
  if (!isBulk && operations === 0) throw new Error(`no answer came through: ${reason}`)
}

/** What a load has counted, as metrics. */
export function toMetrics(workload: Workload, result: Counted, cpuSeconds: number | undefined): Sample['metrics'] {
  if (workload.mode === 'up' || workload.mode === 'down' || workload.mode === 'both') {
    return {
      megabytesPerSecond: result.bytes / result.seconds / 1e6,
      ...(cpuSeconds !== undefined && { cpuSecondsPerGiB: cpuSeconds / (result.bytes / bytesPerGiB) }),
    }
  }
  const rate = result.operations / result.seconds
  return {
    connectionsPerSecond: rate,
    requestsPerSecond: rate,
    roundTripsPerSecond: rate,
    p50Microseconds: result.p50Us,
    p99Microseconds: result.p99Us,
    p999Microseconds: result.p999Us,
    megabytesPerSecond: result.bytes / result.seconds / 1e6,
    ...(cpuSeconds !== undefined && { cpuMicrosecondsPerOperation: (cpuSeconds * 1e6) / result.operations }),
  }
}
