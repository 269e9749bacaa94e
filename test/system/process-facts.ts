import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** The most memory that a process ever had in RAM, or since {@link resetPeak}; bytes. */
export function peakResidentBytes(pid: number): number {
  return statusKib(pid, 'VmHWM') * 1024
}

/** Memory that a process has in RAM now; bytes. */
export function residentBytes(pid: number): number {
  return statusKib(pid, 'VmRSS') * 1024
}

/** Begins the measurement of the peak anew (proc(5), clear_refs). */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** Files, sockets and the like that a process has open. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

function statusKib(pid: number, field: string): number {
  const line = new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (!line) throw new Error(`no ${field} of process ${pid}`)
  return Number(line[1])
}

/** CPU time that a process has used, user and system together; seconds. */
export function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // utime and stime are fields 14 and 15 of proc(5); what was cut off are the first two. A tick is 10 ms on Linux.
  return (Number(fields[11]) + Number(fields[12])) / 100
}
