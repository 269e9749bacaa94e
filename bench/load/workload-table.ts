/** One kind of load, as the load program knows it and as the report shows it. */
export interface Workload {
  readonly name: string
  readonly title: string
  /** Mode of the load program; `idle` is measured by memory, all others by time. */
  readonly mode: 'up' | 'down' | 'ping' | 'http' | 'connect' | 'idle'
  /** Connections beside them that send as fast as they can. Default none. */
  readonly bulkConnections?: number
  /** Concurrent connections; `option`: the number that the caller asked for. */
  readonly connections: number | 'option'
  /** Metrics shown for it, the most important one first. */
  readonly metrics: readonly MetricName[]
}

/** What one metric is called and which direction is good. */
export interface Metric {
  readonly unit: string
  readonly isHigherBetter: boolean
  readonly decimals: number
}

/** All metrics of all workloads. */
export const metricTable = {
  megabytesPerSecond: { unit: 'MB/s', isHigherBetter: true, decimals: 0 },
  cpuSecondsPerGiB: { unit: 'CPU s/GiB', isHigherBetter: false, decimals: 2 },
  connectionsPerSecond: { unit: 'connections/s', isHigherBetter: true, decimals: 0 },
  requestsPerSecond: { unit: 'requests/s', isHigherBetter: true, decimals: 0 },
  roundTripsPerSecond: { unit: 'round trips/s', isHigherBetter: true, decimals: 0 },
  cpuMicrosecondsPerOperation: { unit: 'CPU us each', isHigherBetter: false, decimals: 1 },
  p50Microseconds: { unit: 'p50 us', isHigherBetter: false, decimals: 0 },
  p99Microseconds: { unit: 'p99 us', isHigherBetter: false, decimals: 0 },
  bytesPerIdleConnection: { unit: 'bytes/connection', isHigherBetter: false, decimals: 0 },
  idleMegabytes: { unit: 'MB in all', isHigherBetter: false, decimals: 1 },
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof metricTable

/**
 * Runs before the timed workloads and is not shown: programs that compile while they run (JavaScript) would otherwise be
 * measured half compiled, and a real tunnel lives for days.
 */
export const warmupWorkload: Workload = {
  name: 'warm-up',
  title: 'Warm-up',
  mode: 'up',
  connections: 4,
  metrics: [],
}

const bulk = ['megabytesPerSecond', 'cpuSecondsPerGiB'] as const
const latency = ['p50Microseconds', 'p99Microseconds'] as const

/** All workloads, in the order in which they are measured. Idle comes first: it needs processes that have done little. */
export const workloadTable: readonly Workload[] = [
  {
    name: 'idle',
    title: 'Idle connections: memory (PSS) of all processes',
    mode: 'idle',
    connections: 'option',
    metrics: ['bytesPerIdleConnection', 'idleMegabytes'],
  },
  { name: 'up', title: 'Bulk, one stream, client to target', mode: 'up', connections: 1, metrics: bulk },
  { name: 'up-16', title: 'Bulk, 16 streams, client to target', mode: 'up', connections: 16, metrics: bulk },
  { name: 'down', title: 'Bulk, one stream, target to client', mode: 'down', connections: 1, metrics: bulk },
  {
    name: 'connect',
    title: 'New connections (16 at once): connect, 100 bytes, 100 bytes back, close',
    mode: 'connect',
    connections: 16,
    metrics: ['connectionsPerSecond', 'cpuMicrosecondsPerOperation', ...latency],
  },
  {
    name: 'http',
    title: 'HTTP keep-alive requests, 50 connections, 1 KiB answers',
    mode: 'http',
    connections: 50,
    metrics: ['requestsPerSecond', 'cpuMicrosecondsPerOperation', ...latency],
  },
  {
    name: 'ping',
    title: 'Ping-pong of 128 bytes, one stream',
    mode: 'ping',
    connections: 1,
    metrics: [...latency, 'cpuMicrosecondsPerOperation'],
  },
  {
    name: 'ping-64',
    title: 'Ping-pong of 128 bytes, 64 streams',
    mode: 'ping',
    connections: 64,
    metrics: ['roundTripsPerSecond', 'cpuMicrosecondsPerOperation', ...latency],
  },
  {
    name: 'ping-bulk',
    title: 'Ping-pong of 128 bytes, 16 streams beside 20 bulk streams',
    mode: 'ping',
    connections: 16,
    bulkConnections: 20,
    metrics: ['p99Microseconds', 'p50Microseconds', 'roundTripsPerSecond', 'megabytesPerSecond'],
  },
]
