import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'

/** Describes the machine by what decides its numbers, never by its name. */
export function describeMachine(): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor'
  const gibibytes = Math.round(totalmem() / 1024 ** 3)
  return (
    `${availableParallelism()} cores (${processor}), ${gibibytes} GiB, ${readDistribution()}, Linux ${release().split('-')[0]}, ` +
    `Node ${process.versions.node}, TCP ${readCongestionControl()}`
  )
}

/** That of new connections. It decides much on loopback too: bbr sends by a clock where cubic sends at once. */
export function readCongestionControl(): string {
  return readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim()
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
  try {
    const match = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))
    return match?.[1] ?? 'unknown distribution'
  } catch {
    return 'unknown distribution'
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
