import { setTimeout as delay } from 'node:timers/promises'

import type { RunningCandidate } from '../candidates/candidate.ts'
import { readPssBytes } from '../processes/process-usage.ts'
import { type MeasureOptions, quiet, type Sample } from './sample.ts'
import { startLoad } from './start-load.ts'
import type { Workload } from './workload-table.ts'

/** Idle connections of the run before the measured one: it brings code and first buffers into memory. */
const idleWarmupConnections = 32
/** Lets buffers drain and garbage of the opening settle before memory is read. */
const settleMs = 500

/** What idle connections cost in memory: the difference between none and all of them. */
export async function measureIdle(
  workload: Workload,
  candidate: RunningCandidate,
  options: MeasureOptions,
): Promise<Sample> {
  const roots = candidate.counted.map(({ pid }) => pid)
  const connections = workload.connections === 'option' ? options.idleConnections : workload.connections
  await holdIdle({ ...workload, connections: idleWarmupConnections }, candidate, options)
  await delay(settleMs)
  const before = readPssBytes(roots)
  return await holdIdle({ ...workload, connections }, candidate, options, async (open) => {
    await delay(settleMs)
    const held = readPssBytes(roots)
    if (roots.length === 0 || before === undefined || held === undefined) return {}
    return { bytesPerIdleConnection: (held - before) / open, idleMegabytes: held / 1e6 }
  })
}

async function holdIdle(
  workload: Workload & { readonly connections: number },
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
    return { ...quiet, metrics, errors: Math.max(errors, workload.connections - open), complaint: load.complaints }
  } finally {
    load.kill()
  }
}
