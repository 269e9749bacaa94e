import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { readCpuSeconds } from '../processes/process-usage.ts'
import { LoadProcess } from './load-process.ts'
import type { Counted } from './sample.ts'

const summaryScript = join(import.meta.dirname, 'wrk-summary.lua')
const lookIntervalMs = 50

/** One run of wrk. */
export interface WrkPlan {
  readonly wrk: string
  readonly url: string
  readonly connections: number
  /** Whole seconds, at least 1. */
  readonly seconds: number
  readonly headers: Readonly<Record<string, string>>
  /** Bytes of the body that a POST carries; 0 or undefined: a GET. */
  readonly bodyBytes?: number
  /** Process ids that are load as well. */
  readonly alsoLoad?: readonly number[]
}

/** What came out of it. */
export interface WrkRun {
  readonly result: Counted
  /** Share of one core that the busiest process of the load used. */
  readonly loadShare: number
}

/** Runs wrk with one thread to its end. @throws {Error} with its words when it counts nothing. */
export async function runWrk(plan: WrkPlan): Promise<WrkRun> {
  const { connections, seconds, headers, bodyBytes = 0, alsoLoad = [] } = plan
  const flags = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '-s', summaryScript]
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const args = [...flags, ...fields, plan.url, '--', String(bodyBytes)]
  const wrk = new LoadProcess({ binary: plan.wrk, args, plannedSeconds: seconds })
  const watched = [wrk.pid, ...alsoLoad]
  const before = watched.map((pid) => readCpuSeconds([pid]))
  const ending = new AbortController()
  const after = watchCpu(watched, ending.signal)
  try {
    let line = await wrk.nextLine()
    while (!line.startsWith('{')) line = await wrk.nextLine()
    ending.abort()
    const result: WrkRun['result'] = JSON.parse(line)
    await wrk.finish()
    const used = (await after).map((cpuSeconds, index) => cpuSeconds - (before[index] ?? 0))
    return { result, loadShare: Math.max(...used) / seconds }
  } finally {
    ending.abort()
    wrk.kill()
  }
}

/** The last that was seen before the end: a process that has ended tells nothing more. */
async function watchCpu(pids: readonly number[], signal: AbortSignal): Promise<readonly number[]> {
  const seen = pids.map(() => 0)
  while (!signal.aborted) {
    pids.forEach((pid, index) => {
      seen[index] = Math.max(seen[index] ?? 0, readCpuSeconds([pid]))
    })
    await delay(lookIntervalMs, undefined, { signal }).catch(() => {})
  }
  return seen
}
