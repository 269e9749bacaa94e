import type { ManagedProcess } from './managed-process.ts'
import { readCpuSeconds } from './process-usage.ts'

/** CPU seconds by process name; descendants count with their ancestor. */
export type CpuByProcess = Readonly<Record<string, number>>

/** What these processes have used since they began. */
export function readCpuByProcess(processes: readonly ManagedProcess[]): CpuByProcess {
  return Object.fromEntries(processes.map(({ name, pid }) => [name, readCpuSeconds([pid])]))
}

/** What was used between two looks. */
export function subtractCpu(after: CpuByProcess, before: CpuByProcess): CpuByProcess {
  return Object.fromEntries(Object.entries(after).map(([name, seconds]) => [name, seconds - (before[name] ?? 0)]))
}

/** Of all processes together, in seconds. */
export function sumCpu(cpu: CpuByProcess): number {
  return Object.values(cpu).reduce((total, seconds) => total + seconds, 0)
}
