import type { RunningCandidate } from '../candidates/candidate.ts'
import { LoadProcess, loadFlags } from './load-process.ts'
import type { MeasureOptions } from './sample.ts'
import type { Workload } from './workload-table.ts'

/** What tcpload grants the opening of idle connections: so many a second, beyond its minute. */
const openedPerSecond = 50

/** What is asked of the load beyond the workload. */
export interface LoadExtras {
  /** Another load is the target. Default false. */
  readonly isClientOnly?: boolean
  /** Bytes of a small message; both ends must agree. Default: those of the mode. */
  readonly messageBytes?: number
  /** Each stream of a ping-pong begins so often, ms. Default: at once when the last answer is there. */
  readonly everyMs?: number
}

/** Starts the load program on one candidate. */
export function startLoad(
  workload: Workload,
  candidate: RunningCandidate,
  options: Pick<MeasureOptions, 'loadBinary' | 'seconds' | 'warmupSeconds' | 'idleConnections'> & LoadExtras,
): LoadProcess {
  const connections = workload.connections === 'option' ? options.idleConnections : workload.connections
  const flags = {
    connect: candidate.listenPort,
    target: options.isClientOnly === true ? 0 : candidate.targetPort,
    address: candidate.listenAddress ?? 1,
    connections,
    bytes: options.messageBytes ?? 0,
    every: options.everyMs ?? 0,
    bulk: workload.bulkConnections ?? 0,
    seconds: options.seconds,
    warmup: options.warmupSeconds,
  }
  const args = [workload.mode, ...loadFlags(flags)]
  const openingSeconds = workload.mode === 'idle' ? connections / openedPerSecond : 0
  return new LoadProcess({
    binary: options.loadBinary,
    args,
    plannedSeconds: options.warmupSeconds + options.seconds + openingSeconds,
  })
}
