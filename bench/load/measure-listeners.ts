import { setTimeout as delay } from 'node:timers/promises'

import type { RunningCandidate } from '../candidates/candidate.ts'
import { readPssBytes } from '../processes/process-usage.ts'
import { holdListeners } from './hold-listeners.ts'
import { quiet, type Sample } from './sample.ts'
import type { Workload } from './workload-table.ts'

/** Listeners of the run before the measured one: it brings code and first buffers into memory. */
const warmupListeners = 32
/** Lets garbage of the opening settle before memory is read. */
const settleMs = 1_000

/** What idle listeners cost the relay in memory. @throws {Error} when the candidate has no relay of ours. */
export async function measureListeners(workload: Workload, candidate: RunningCandidate): Promise<Sample> {
  const { listenerDoor } = candidate
  const count = Number(workload.connections)
  if (!listenerDoor) throw new Error('it has no relay of ours')
  const roots = [listenerDoor.relay.pid]
  await (await holdListeners(listenerDoor, warmupListeners)).release()
  await delay(settleMs)
  const before = readPssBytes(roots)
  const held = await holdListeners(listenerDoor, count)
  try {
    await delay(settleMs)
    const after = readPssBytes(roots)
    if (before === undefined || after === undefined || held.open === 0) {
      throw new Error(`${held.open} of ${count} listeners were open: ${held.complaint || 'memory cannot be read'}`)
    }
    return {
      ...quiet,
      metrics: { bytesPerIdleListener: (after - before) / held.open, idleMegabytes: after / 1e6 },
      errors: count - held.open,
      complaint: held.complaint,
    }
  } finally {
    await held.release()
  }
}
