import { setTimeout as delay } from 'node:timers/promises'

import type { RunningCandidate } from '../candidates/candidate.ts'
import { readCpuSeconds, readPssBytes } from '../processes/process-usage.ts'
import { LoadProcess, loadFlags } from './load-process.ts'
import type { MetricName, Workload } from './workload-table.ts'

/** How a workload is run. */
export interface MeasureOptions {
  readonly loadBinary: string
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

interface TimedResult {
  readonly seconds: number
  readonly bytes: number
  readonly operations: number
  readonly p50Us: number
  readonly p99Us: number
  readonly errors: number
  readonly loadCpuSeconds: number
}

/** Idle connections of the run before the measured one: it brings code and first buffers into memory. */
const idleWarmupConnections = 32
/** Lets buffers drain and garbage of the opening settle before memory is read. */
const settleMs = 500
/** Lets what one run left in socket buffers drain before the next candidate is measured. */
const pauseMs = 100

const bytesPerGiB = 1024 ** 3

/** Runs one workload on one running candidate. @throws {Error} when nothing came through at all. */
export async function measureWorkload(
  workload: Workload,
  candidate: RunningCandidate,
  options: MeasureOptions,
): Promise<Sample> {
  const sample =
    workload.mode === 'idle'
      ? await measureIdle(workload, candidate, options)
      : await measureTimed(workload, candidate, options)
  await delay(pauseMs)
  return sample
}

async function measureTimed(workload: Workload, candidate: RunningCandidate, options: MeasureOptions): Promise<Sample> {
  const load = startLoad(workload, candidate, options)
  try {
    await load.expectLine('START')
    const cpuBefore = readCpuByProcess(candidate)
    await load.expectLine('END')
    const cpuByProcess = subtract(readCpuByProcess(candidate), cpuBefore)
    const cpuSeconds = candidate.counted.length === 0 ? undefined : sum(Object.values(cpuByProcess))
    const result: TimedResult = JSON.parse(await load.nextLine())
    await load.finish()
    if (result.bytes + result.operations === 0) throw new Error(`nothing came through: ${load.complaints || 'silence'}`)
    return {
      metrics: toMetrics(workload, result, cpuSeconds),
      errors: result.errors,
      loadShare: result.loadCpuSeconds / result.seconds,
      cpuByProcess,
      complaint: load.complaints,
    }
  } finally {
    load.kill()
  }
}

function readCpuByProcess(candidate: RunningCandidate): Record<string, number> {
  return Object.fromEntries(candidate.counted.map(({ name, pid }) => [name, readCpuSeconds([pid])]))
}

function subtract(after: Record<string, number>, before: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, seconds]) => [name, seconds - (before[name] ?? 0)]))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function toMetrics(workload: Workload, result: TimedResult, cpuSeconds: number | undefined): Sample['metrics'] {
  if (workload.mode === 'up' || workload.mode === 'down') {
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
    megabytesPerSecond: result.bytes / result.seconds / 1e6,
    ...(cpuSeconds !== undefined && { cpuMicrosecondsPerOperation: (cpuSeconds * 1e6) / result.operations }),
  }
}

async function measureIdle(workload: Workload, candidate: RunningCandidate, options: MeasureOptions): Promise<Sample> {
  const roots = candidate.counted.map(({ pid }) => pid)
  await holdIdle(workload, candidate, { ...options, idleConnections: idleWarmupConnections })
  await delay(settleMs)
  const before = readPssBytes(roots)
  return await holdIdle(workload, candidate, options, async (open) => {
    await delay(settleMs)
    const held = readPssBytes(roots)
    if (roots.length === 0 || before === undefined || held === undefined) return {}
    return { bytesPerIdleConnection: (held - before) / open, idleMegabytes: held / 1e6 }
  })
}

async function holdIdle(
  workload: Workload,
  candidate: RunningCandidate,
  options: MeasureOptions,
  whileHeld: (open: number) => Promise<Sample['metrics']> = async () => ({}),
): Promise<Sample> {
  const load = startLoad(workload, candidate, options)
  try {
    const { open, errors }: { open: number; errors: number } = JSON.parse(await load.nextLine())
    if (open === 0) throw new Error(`no idle connection could be opened: ${load.complaints || 'silence'}`)
    const metrics = await whileHeld(open)
    await load.finish()
    const missing = options.idleConnections - open
    return { metrics, errors: Math.max(errors, missing), loadShare: 0, cpuByProcess: {}, complaint: load.complaints }
  } finally {
    load.kill()
  }
}

function startLoad(workload: Workload, candidate: RunningCandidate, options: MeasureOptions): LoadProcess {
  const flags = {
    connect: candidate.listenPort,
    target: candidate.targetPort,
    address: candidate.listenAddress ?? 1,
    connections: workload.connections === 'option' ? options.idleConnections : workload.connections,
    bulk: workload.bulkConnections ?? 0,
    seconds: options.seconds,
    warmup: options.warmupSeconds,
  }
  const args = [workload.mode, ...loadFlags(flags)]
  return new LoadProcess({
    binary: options.loadBinary,
    args,
    plannedSeconds: options.warmupSeconds + options.seconds,
  })
}
