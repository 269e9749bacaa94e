import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** A process as the kernel tells it apart from a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks after boot (proc(5), /proc/pid/stat field 22). */
  readonly startTicks: number
}

interface ProcessTimes extends ProcessIdentity {
  /** User and system time of all threads and of children that have been waited for, in clock ticks. */
  readonly cpuTicks: number
  /** Ended, but not yet waited for. */
  readonly isZombie: boolean
}

let ticksPerSecond: number | undefined

/** Answers why this machine's /proc cannot be used for measuring, if so. */
export function findUsageProblem(): string | undefined {
  try {
    readFileSync(`/proc/self/task/${process.pid}/children`)
    readFileSync('/proc/self/smaps_rollup')
    return undefined
  } catch (error) {
    return `CPU time and memory are read from Linux's /proc (task/children, smaps_rollup): ${String(error)}`
  }
}

/** Lists the living processes of the trees that begin at `roots`. */
export function listProcessTree(roots: readonly number[]): ProcessIdentity[] {
  return readTree(roots)
}

/** CPU seconds that the process trees have used since they began: all threads, descendants, and ended children. */
export function readCpuSeconds(roots: readonly number[]): number {
  ticksPerSecond ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  return readTree(roots).reduce((sum, { cpuTicks }) => sum + cpuTicks, 0) / ticksPerSecond
}

/** Proportional set size of the process trees in bytes, or undefined when the kernel does not let us look. */
export function readPssBytes(roots: readonly number[]): number | undefined {
  let bytes = 0
  for (const { pid } of readTree(roots)) {
    try {
      const match = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
      bytes += Number(match?.[1] ?? 0) * 1024
    } catch (error) {
      if (isGone(error)) continue
      return undefined
    }
  }
  return bytes
}

/** Whether this very process, not a later one with its id, still runs. One that only waits to be reaped does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  const times = readTimes(identity.pid)
  return times !== undefined && times.startTicks === identity.startTicks && !times.isZombie
}

function readTree(roots: readonly number[]): ProcessTimes[] {
  const found = new Map<number, ProcessTimes>()
  const open = [...roots]
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    const times = found.has(pid) ? undefined : readTimes(pid)
    if (times === undefined) continue
    found.set(pid, times)
    open.push(...readChildren(pid))
  }
  return [...found.values()]
}

function readTimes(pid: number): ProcessTimes | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the program's name in brackets and may hold spaces; what follows it is field 3.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const cpuTicks = Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])
    return { pid, startTicks: Number(fields[19]), cpuTicks, isZombie: fields[0] === 'Z' }
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
}

function readChildren(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    )
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')
}
