import { setTimeout as delay } from 'node:timers/promises'

import type { RunningCandidate } from '../candidates/candidate.ts'
import { readCpuByProcess, subtractCpu, sumCpu } from '../processes/cpu-by-process.ts'
import { measureHttp, measureRelayedHttp } from './measure-http.ts'
import { measureIdle } from './measure-idle.ts'
import { measureListeners } from './measure-listeners.ts'
import { type Counted, demandTraffic, type MeasureOptions, quiet, type Sample, toMetrics } from './sample.ts'
import { startLoad } from './start-load.ts'
import type { Workload } from './workload-table.ts'

/** What the load program prints at its end. */
interface TimedResult extends Counted {
  readonly loadCpuSeconds: number
}

/** Lets what one run left in socket buffers drain before the next candidate is measured. */
const pauseMs = 100

/** Runs one workload on one running candidate. @throws {Error} when nothing came through. */
export async function measureWorkload(
  workload: Workload,
  candidate: RunningCandidate,
  options: MeasureOptions,
): Promise<Sample> {
  const sample = await measureByMode(workload, candidate, options)
  await delay(pauseMs)
  return sample
}

/** Whether this can be measured on it: what has no processes costs nothing, and only our relay knows listeners. */
export function isMeasurable({ mode }: Workload, candidate: RunningCandidate): boolean {
  if (mode === 'relayed-http' || candidate.httpDoor !== undefined) {
    return mode === 'relayed-http' && candidate.httpDoor !== undefined
  }
  if (mode === 'listeners') return candidate.listenerDoor !== undefined
  return mode === 'idle' || mode === 'set-up' ? candidate.counted.length > 0 : true
}

async function measureByMode(
  workload: Workload,
  candidate: RunningCandidate,
  options: MeasureOptions,
): Promise<Sample> {
  if (workload.mode === 'idle') return await measureIdle(workload, candidate, options)
  if (workload.mode === 'listeners') return await measureListeners(workload, candidate)
  if (workload.mode === 'set-up') {
    return { ...quiet, metrics: candidate.setUpMs === undefined ? {} : { setUpMilliseconds: candidate.setUpMs } }
  }
  if (workload.mode === 'relayed-http') return await measureRelayedHttp(workload, candidate, options)
  if (workload.mode === 'http' && options.wrk !== undefined) {
    return await measureHttp(workload, candidate, { ...options, wrk: options.wrk })
  }
  return await measureTimed(workload, candidate, options)
}

async function measureTimed(workload: Workload, candidate: RunningCandidate, options: MeasureOptions): Promise<Sample> {
  const load = startLoad(workload, candidate, options)
  try {
    await load.expectLine('START')
    const cpuBefore = readCpuByProcess(candidate.counted)
    await load.expectLine('END')
    const cpuByProcess = subtractCpu(readCpuByProcess(candidate.counted), cpuBefore)
    const cpuSeconds = candidate.counted.length === 0 ? undefined : sumCpu(cpuByProcess)
    const result: TimedResult = JSON.parse(await load.nextLine())
    await load.finish()
    demandTraffic(workload, result, load.complaints)
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
