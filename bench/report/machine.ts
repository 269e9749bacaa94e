import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'

import { readCongestionControl } from '../processes/congestion-control.ts'

/** Describes the machine by what decides its numbers, never by its name. `congestion`: what was measured with, where it is not the machine's own. */
export function describeMachine(congestion: string = readCongestionControl()): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor'
  const gibibytes = Math.round(totalmem() / 1024 ** 3)
  return (
    `${availableParallelism()} cores (${processor}), ${gibibytes} GiB, ${readDistribution()}, Linux ${release().split('-')[0]}, ` +
    `Node ${process.versions.node}, TCP ${congestion}`
  )
}

/** First lines of what the peers' programs say about themselves; programs that are not there are left out. */
export function describePeerPrograms(): string {
  const programs = [
    ['ssh', '-V'],
    ['haproxy', '-v'],
    ['nginx', '-v'],
    ['socat -V | sed -n 2p', ''],
    ['wrk', '-v'],
    ['chisel', '--version'],
    ['frps', '--version'],
    ['rathole', '--version'],
  ] as const
  return programs
    .map(([program, flag]) => readFirstLine(program, flag))
    .filter((line) => line !== '')
    .join('; ')
}

function readDistribution(): string {
  const match = /^PRETTY_NAME="?([^"\n]*)/m.exec(readText('/etc/os-release') ?? '')
  return match?.[1] ?? 'unknown distribution'
}

/** Undefined where there is no such file, as on a system that is not Linux. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function readFirstLine(program: string, flag: string): string {
  try {
    // ssh prints its version to standard error, haproxy to standard output.
    const text = execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin ${program} ${flag} 2>&1`], { encoding: 'utf8' })
    return text.split('\n')[0]?.trim() ?? ''
  } catch {
    return ''
  }
}
