/** One kind of load, as the load program knows it and as the report shows it. */
export interface Workload {
  readonly name: string
  readonly title: string
  /**
   * Mode of the load program; `idle` is measured by memory, the others by time. `listeners` holds control channels instead of
   * connections, `relayed-http` sends requests to a listener, `set-up` needs no load: the start itself is measured.
   */
  readonly mode: 'up' | 'down' | 'both' | 'ping' | 'http' | 'connect' | 'idle' | 'listeners' | 'set-up' | 'relayed-http'
  /** Only measured when it is named, or with `--rows all`. Default false. */
  readonly isOnlyOnDemand?: boolean
  /** Connections beside them that send as fast as they can. Default none. */
  readonly bulkConnections?: number
  /** Concurrent connections; `option`: the number that the caller asked for. */
  readonly connections: number | 'option'
  /** Bytes of each body, there and back. */
  readonly bodyBytes?: number
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
  p999Microseconds: { unit: 'p99.9 us', isHigherBetter: false, decimals: 0 },
  setUpMilliseconds: { unit: 'ms', isHigherBetter: false, decimals: 0 },
  bytesPerIdleListener: { unit: 'bytes/listener', isHigherBetter: false, decimals: 0 },
  bytesPerIdleConnection: { unit: 'bytes/connection', isHigherBetter: false, decimals: 0 },
  idleMegabytes: { unit: 'MB in all', isHigherBetter: false, decimals: 1 },
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof metricTable

/**
 * Run before the timed workloads and are not shown: programs that compile while they run (JavaScript) would otherwise be
 * measured half compiled, and a real tunnel lives for days. Requests have a warm-up of their own.
 */
const warmups: readonly Workload[] = [
  { name: 'warm-up-bulk', title: 'Warm-up', mode: 'up', connections: 4, metrics: [] },
  { name: 'warm-up-connect', title: 'Warm-up', mode: 'connect', connections: 16, metrics: [] },
  { name: 'warm-up-ping', title: 'Warm-up', mode: 'ping', connections: 16, metrics: [] },
]

/** How long each of them runs. Connections of ours cost twice as much in the first two seconds as after five. */
export const warmupRunSeconds = 3

/** What has to run before these are measured: bytes always, the others before rows of their kind. */
export function warmupsFor(workloads: readonly Workload[]): readonly Workload[] {
  if (workloads.length === 0) return []
  return warmups.filter(({ mode }) => mode === 'up' || workloads.some((workload) => workload.mode === mode))
}

const bulk = ['megabytesPerSecond', 'cpuSecondsPerGiB'] as const
const latency = ['p50Microseconds', 'p99Microseconds'] as const
const tail = ['p50Microseconds', 'p99Microseconds', 'p999Microseconds'] as const
const newConnections = ['connectionsPerSecond', 'cpuMicrosecondsPerOperation', ...latency] as const
const idleMemory = ['bytesPerIdleConnection', 'idleMegabytes'] as const
const listenerMemory = ['bytesPerIdleListener', 'idleMegabytes'] as const

/** All rows, in the order in which they are measured. Idle comes first: it needs processes that have done little. */
export const workloadTable: readonly Workload[] = [
  {
    name: 'set-up',
    title: 'Set-up: start of the first process to the first bytes through all of them',
    mode: 'set-up',
    connections: 1,
    metrics: ['setUpMilliseconds'],
  },
  {
    name: 'idle',
    title: 'Idle connections: memory (PSS) of all processes',
    mode: 'idle',
    connections: 'option',
    metrics: idleMemory,
  },
  {
    name: 'idle-1000',
    title: '1,000 idle connections: memory (PSS) of all processes',
    mode: 'idle',
    connections: 1_000,
    metrics: idleMemory,
    isOnlyOnDemand: true,
  },
  {
    name: 'idle-10000',
    title: '10,000 idle connections: memory (PSS) of all processes',
    mode: 'idle',
    connections: 10_000,
    metrics: idleMemory,
    isOnlyOnDemand: true,
  },
  {
    name: 'listeners-1000',
    title: '1,000 idle listeners: memory (PSS) of the relay',
    mode: 'listeners',
    connections: 1_000,
    metrics: listenerMemory,
    isOnlyOnDemand: true,
  },
  {
    name: 'listeners-10000',
    title: '10,000 idle listeners: memory (PSS) of the relay',
    mode: 'listeners',
    connections: 10_000,
    metrics: listenerMemory,
    isOnlyOnDemand: true,
  },
  { name: 'up', title: 'Bulk, one stream, client to target', mode: 'up', connections: 1, metrics: bulk },
  { name: 'up-8', title: 'Bulk, 8 streams, client to target', mode: 'up', connections: 8, metrics: bulk },
  { name: 'down', title: 'Bulk, one stream, target to client', mode: 'down', connections: 1, metrics: bulk },
  {
    name: 'down-8',
    title: 'Bulk, 8 streams, target to client',
    mode: 'down',
    connections: 8,
    metrics: bulk,
    isOnlyOnDemand: true,
  },
  {
    name: 'both',
    title: 'Bulk, one stream, both ways at once: the sum',
    mode: 'both',
    connections: 1,
    metrics: bulk,
    isOnlyOnDemand: true,
  },
  {
    name: 'both-8',
    title: 'Bulk, 8 streams, both ways at once: the sum',
    mode: 'both',
    connections: 8,
    metrics: bulk,
    isOnlyOnDemand: true,
  },
  {
    name: 'connect-1',
    title: 'New connections, one after the other: connect, 100 bytes, 100 bytes back, close',
    mode: 'connect',
    connections: 1,
    metrics: newConnections,
    isOnlyOnDemand: true,
  },
  {
    name: 'connect',
    title: 'New connections (16 at once): connect, 100 bytes, 100 bytes back, close',
    mode: 'connect',
    connections: 16,
    metrics: newConnections,
  },
  {
    name: 'connect-64',
    title: 'New connections (64 at once): connect, 100 bytes, 100 bytes back, close',
    mode: 'connect',
    connections: 64,
    metrics: newConnections,
    isOnlyOnDemand: true,
  },
  {
    name: 'http',
    title: 'HTTP keep-alive requests, 50 connections, 1 KiB answers',
    mode: 'http',
    connections: 50,
    metrics: ['requestsPerSecond', 'cpuMicrosecondsPerOperation', ...latency],
  },
  {
    name: 'relayed-1k',
    title: 'HTTP requests to a listener, 50 connections, 1 KiB there and back',
    mode: 'relayed-http',
    connections: 50,
    bodyBytes: 1_024,
    metrics: ['requestsPerSecond', 'cpuMicrosecondsPerOperation', ...latency],
    isOnlyOnDemand: true,
  },
  {
    name: 'relayed-1m',
    title: 'HTTP requests to a listener, 8 connections, 1 MiB there and back',
    mode: 'relayed-http',
    connections: 8,
    bodyBytes: 1_048_576,
    metrics: ['requestsPerSecond', 'cpuMicrosecondsPerOperation', ...latency],
    isOnlyOnDemand: true,
  },
  {
    name: 'ping',
    title: 'Ping-pong of 128 bytes, one stream',
    mode: 'ping',
    connections: 1,
    metrics: [...tail, 'cpuMicrosecondsPerOperation'],
  },
  {
    name: 'ping-16',
    title: 'Ping-pong of 128 bytes, 16 streams and nothing else',
    mode: 'ping',
    connections: 16,
    metrics: [...tail, 'roundTripsPerSecond', 'cpuMicrosecondsPerOperation'],
    isOnlyOnDemand: true,
  },
  {
    name: 'ping-64',
    title: 'Ping-pong of 128 bytes, 64 streams',
    mode: 'ping',
    connections: 64,
    metrics: ['roundTripsPerSecond', 'cpuMicrosecondsPerOperation', ...tail],
  },
  {
    name: 'ping-bulk',
    title: 'Ping-pong of 128 bytes, 16 streams beside 20 bulk streams',
    mode: 'ping',
    connections: 16,
    bulkConnections: 20,
    metrics: [...tail, 'roundTripsPerSecond', 'megabytesPerSecond'],
  },
]

/**
 * The rows of these names; none: those of a usual run; `all`: every one.
 *
 * @throws {Error} that names what there is.
 */
export function chooseWorkloads(names: readonly string[]): readonly Workload[] {
  if (names.length === 0) return workloadTable.filter(({ isOnlyOnDemand }) => isOnlyOnDemand !== true)
  if (names.includes('all')) return workloadTable
  const unknown = names.find((name) => !workloadTable.some((workload) => workload.name === name))
  if (unknown !== undefined) {
    const known = workloadTable.map(({ name }) => name).join(', ')
    throw new Error(`There is no row '${unknown}' (known: all, ${known}).`)
  }
  return workloadTable.filter(({ name }) => names.includes(name))
}
