import { isRange, portNameOf, type RemoteTarget, type SingleTarget } from '../forward.ts'
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

/** Finds what a stream of a carrier asks for: a port name, `host:port` as a target spells it, or nothing for the only one. */
export function findWantedTarget(targets: readonly RemoteTarget[], wanted: string): SingleTarget | undefined {
  if (wanted !== '') return findTarget(targets, wanted) ?? findByAddress(targets, wanted)
  const [only, ...others] = targets
  return only && others.length === 0 && !isRange(only) ? only : undefined
}

function findByAddress(targets: readonly RemoteTarget[], wanted: string): SingleTarget | undefined {
  const [, address, name, portText = ''] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(wanted) ?? []
  const host = (address ?? name)?.toLowerCase()
  const port = parsePort(portText, 1)
  if (host === undefined || port === undefined) return undefined
  for (const target of targets) {
    if (target.protocol === 'unix' || target.host.toLowerCase() !== host) continue
    if (isRange(target)) {
      const found = pick(target, `${port}${target.protocol === 'udp' ? 'U' : ''}`)
      if (found) return found
    } else if (target.port === port) return target
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
