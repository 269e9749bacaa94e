import type { RunningCandidate } from '../candidates/candidate.ts'
import { LoadProcess, loadFlags } from './load-process.ts'
import type { MeasureOptions } from './sample.ts'
import type { Workload } from './workload-table.ts'

/** Starts the load program on one candidate. */
export function startLoad(workload: Workload, candidate: RunningCandidate, options: MeasureOptions): LoadProcess {
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
