import { isRange, portNameOf, type RemoteTarget, type SingleTarget } from './forward.ts'
import { parsePort } from './port-range.ts'

/** Names that nobody chose: the port, or the path of the socket, at the sender's end. */
const defaultName = /^\d+U?$|\//

/**
 * Finds the target for a port name. A single target serves every numeric name, since azbridge's default name is the
 * port number at the sender's end (observed: azbridge 693a395), and so every path; a range serves the numbers that are
 * in it.
 */
export function findTarget(targets: readonly RemoteTarget[], portName: string): SingleTarget | undefined {
  const [only, ...others] = targets
  if (only && others.length === 0 && !isRange(only) && defaultName.test(portName)) return only
  for (const target of targets) {
    const found = isRange(target) ? pick(target, portName) : target
    if (found?.portName === portName) return found
  }
  return undefined
}

/** The port names of targets, for people. */
export function namesOf(targets: readonly RemoteTarget[]): string[] {
  return targets.map(portNameOf)
}

function pick(target: RemoteTarget, portName: string): SingleTarget | undefined {
  if (!isRange(target)) return undefined
  const { protocol, host, ports } = target
  const digits = protocol === 'udp' ? portName.replace(/U$/, '') : portName
  const port = parsePort(digits, ports.first)
  if (port === undefined || port > ports.last) return undefined
  return { protocol, host, port, portName: `${port}${protocol === 'udp' ? 'U' : ''}` }
}
