import { readFileSync } from 'node:fs'
import { type ConnectorTarget, formatTarget } from '../names/endpoint-text.ts'
import { isAddress, isWildcard } from '../names/host-name.ts'

/** What a program in a namespace is given. */
export interface Surroundings {
  readonly ownNetwork: boolean
  /** The first port that everybody may open here. */
  readonly firstFreePort: number
}

/** Says of each endpoint that the program will not reach why, and what to do. */
export function obstaclesOf(targets: readonly ConnectorTarget[], around: Surroundings): readonly string[] {
  return targets.flatMap((target) => {
    const problem = obstacleOf(target, around)
    return problem === undefined ? [] : [`${formatTarget(target)}: ${problem}`]
  })
}

function obstacleOf({ host, port }: ConnectorTarget, { ownNetwork, firstFreePort }: Surroundings): string | undefined {
  if (isWildcard(host)) return 'a hosts file has no wildcards; name the hosts, or use --dns or the Node hook'
  if (ownNetwork) return undefined
  if (isAddress(host)) return 'nobody asks for the name of an address; use --own-network or the Node hook'
  if (port < firstFreePort) return `ports below ${firstFreePort} need root, or --own-network`
  return undefined
}

/** The first port that this process may open: 0 for root. */
export function readFirstFreePort(file = '/proc/sys/net/ipv4/ip_unprivileged_port_start'): number {
  if (process.geteuid?.() === 0) return 0
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return 1024
  }
}
