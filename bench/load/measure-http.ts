import type { RunningCandidate } from '../candidates/candidate.ts'
import { readCpuByProcess, subtractCpu, sumCpu } from '../processes/cpu-by-process.ts'
import { demandTraffic, type MeasureOptions, quiet, type Sample, toMetrics } from './sample.ts'
import { startLoad } from './start-load.ts'
import type { Workload } from './workload-table.ts'
import { runWrk, type WrkPlan } from './wrk.ts'

/** wrk has no warm-up of its own: the first handshakes and a program that is not compiled yet are not to be measured. */
const warmupSeconds = 2

/** The path that the target of the load program answers. */
const path = '/items/42'

/** Requests by wrk, answered by the load program: what is measured does not depend on a client of our own. */
export async function measureHttp(
  workload: Workload,
  candidate: RunningCandidate,
  options: MeasureOptions & { readonly wrk: string },
): Promise<Sample> {
  const connections = Number(workload.connections)
  const seconds = Math.max(1, Math.round(options.seconds))
  const targetSeconds = 2 * (seconds + warmupSeconds)
  const target = startLoad({ ...workload, connections: 0 }, candidate, {
    ...options,
    seconds: targetSeconds,
    warmupSeconds: 0,
  })
  try {
    await target.expectLine('START')
    const url = `http://127.0.0.${candidate.listenAddress ?? 1}:${candidate.listenPort}${path}`
    const plan = { wrk: options.wrk, url, connections, headers: { Host: 'localhost' }, alsoLoad: [target.pid] }
    return await measureWrk(workload, candidate, { ...plan, seconds })
  } finally {
    target.kill()
  }
}

/** Requests whose body comes back, to a listener behind the relay. @throws {Error} when wrk is not here. */
export async function measureRelayedHttp(
  workload: Workload,
  candidate: RunningCandidate,
  options: MeasureOptions,
): Promise<Sample> {
  const { httpDoor } = candidate
  if (httpDoor === undefined) throw new Error('it answers no relayed requests')
  if (options.wrk === undefined) throw new Error('wrk is not here (Debian: apt-get install wrk)')
  const seconds = Math.max(1, Math.round(options.seconds))
  const connections = Number(workload.connections)
  const bodyBytes = workload.bodyBytes ?? 0
  return await measureWrk(workload, candidate, { wrk: options.wrk, ...httpDoor, connections, seconds, bodyBytes })
}

async function measureWrk(workload: Workload, candidate: RunningCandidate, plan: WrkPlan): Promise<Sample> {
  await runWrk({ ...plan, seconds: warmupSeconds })
  const cpuBefore = readCpuByProcess(candidate.counted)
  const { result, loadShare } = await runWrk(plan)
  const cpuByProcess = subtractCpu(readCpuByProcess(candidate.counted), cpuBefore)
  demandTraffic(workload, result, '')
  const cpuSeconds = candidate.counted.length === 0 ? undefined : sumCpu(cpuByProcess)
  return { ...quiet, metrics: toMetrics(workload, result, cpuSeconds), errors: result.errors, loadShare, cpuByProcess }
}
