import { RelayError } from '@postern/protocol'

/** A TCP port of this machine that leads into a relay. */
export interface LocalBinding {
  /** Address to bind. Default `127.0.0.1`. */
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** What the far end is asked for; the port as typed unless a name was given. */
  readonly portName: string
}

/** One `-L`: ports that all lead into the same hybrid connection. */
export interface LocalForward {
  readonly relayName: string
  readonly bindings: readonly LocalBinding[]
}

/** A TCP service that connections from a relay are led to. */
export interface RemoteTarget {
  readonly host: string
  readonly port: number
  /** What senders ask for; the port as typed unless a name was given. */
  readonly portName: string
}

/** One `-T`: targets that one hybrid connection leads to. */
export interface RemoteForward {
  readonly relayName: string
  readonly targets: readonly RemoteTarget[]
}

const relayNameForm = /^[0-9A-Za-z/_\-.]+$/
const portForm = /^[0-9]{1,5}$/
const highestPort = 65_535

// "localhost" may resolve to ::1 alone, where programs that were told 127.0.0.1 find nobody.
const defaultBindHost = '127.0.0.1'
const defaultTargetHost = 'localhost'

/**
 * Reads azbridge's `-L [address:]port[/name][;...]:relay`.
 *
 * @throws {RelayError} InvalidConfiguration with the option, what is wrong in it, and an example.
 * @example
 * parseLocalForward('127.0.0.1:15432:db')          // one port
 * parseLocalForward('15432/sql;16379/redis:site')  // two ports, told apart at the far end by their names
 */
export function parseLocalForward(text: string): LocalForward {
  const problem = problemWith('-L', text, '127.0.0.1:15432:db')
  const colon = text.lastIndexOf(':')
  if (colon < 0) throw problem('the relay name is missing')
  const relayName = readRelayName(text.slice(colon + 1), problem)
  const bindings = text
    .slice(0, colon)
    .split(';')
    .map((part) => readBinding(part, problem))
  return { relayName, bindings: requireDistinctNames(bindings, problem) }
}

/**
 * Reads azbridge's `-T relay:[name/][host:]port[;...]`.
 *
 * @throws {RelayError} InvalidConfiguration with the option, what is wrong in it, and an example.
 * @example
 * parseRemoteForward('db:127.0.0.1:5432')                           // one target
 * parseRemoteForward('site:sql/10.0.0.5:5432;redis/10.0.0.6:6379')  // two targets, chosen by port name
 */
export function parseRemoteForward(text: string): RemoteForward {
  const problem = problemWith('-T', text, 'db:127.0.0.1:5432')
  const colon = text.indexOf(':')
  if (colon < 0) throw problem('the target is missing')
  const relayName = readRelayName(text.slice(0, colon), problem)
  const targets = text
    .slice(colon + 1)
    .split(';')
    .map((part) => readTarget(part, problem))
  return { relayName, targets: requireDistinctNames(targets, problem) }
}

type Problem = (reason: string) => RelayError

function problemWith(option: string, text: string, example: string): Problem {
  return (reason) =>
    new RelayError('InvalidConfiguration', { message: `${option} "${text}": ${reason}. Example: ${option} ${example}` })
}

function readRelayName(text: string, problem: Problem): string {
  if (text === '') throw problem('the relay name is missing')
  if (!relayNameForm.test(text)) throw problem(`"${text}" is no relay name (letters, digits, "/", "_", "-" and ".")`)
  return text
}

function readBinding(part: string, problem: Problem): LocalBinding {
  const { address, name } = splitName(part, 'last')
  const { host = defaultBindHost, portText } = splitAddress(address, problem)
  const port = readPort(portText, 0, problem)
  return { host: host.toLowerCase() === 'localhost' ? defaultBindHost : host, port, portName: name ?? portText }
}

function readTarget(part: string, problem: Problem): RemoteTarget {
  const { address, name } = splitName(part, 'first')
  const { host = defaultTargetHost, portText } = splitAddress(address, problem)
  return { host, port: readPort(portText, 1, problem), portName: name ?? portText }
}

/** The port name stands behind the address in `-L` and in front of it in `-T`. */
function splitName(part: string, nameIs: 'first' | 'last'): { address: string; name?: string } {
  const slash = part.indexOf('/')
  if (slash < 0) return { address: part.trim() }
  const before = part.slice(0, slash).trim()
  const behind = part.slice(slash + 1).trim()
  return nameIs === 'first' ? { name: before, address: behind } : { address: before, name: behind }
}

function splitAddress(address: string, problem: Problem): { host?: string; portText: string } {
  const colon = address.lastIndexOf(':')
  if (colon < 0) return { portText: address }
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  if (host === '') throw problem(`"${address}" has no host in front of the colon`)
  return { host, portText: address.slice(colon + 1) }
}

function readPort(text: string, lowest: number, problem: Problem): number {
  if (/^[0-9]{1,5}U$/i.test(text)) {
    throw problem(`UDP forwards ("${text}") are not there yet; only TCP ports can be forwarded`)
  }
  if (/^[A-Za-z_.][\w.-]*$/.test(text)) {
    throw problem(`Unix socket forwards ("${text}") are not there yet; only TCP ports can be forwarded`)
  }
  const port = portForm.test(text) ? Number(text) : Number.NaN
  if (!(port >= lowest && port <= highestPort)) throw problem(`"${text}" is no port (${lowest} to ${highestPort})`)
  return port
}

function requireDistinctNames<T extends { readonly portName: string }>(
  entries: readonly T[],
  problem: Problem,
): readonly T[] {
  const names = new Set<string>()
  for (const { portName } of entries) {
    if (portName === '') throw problem('a port name is empty')
    // Port 0 stands for any free port: two of them are two ports.
    if (names.has(portName) && portName !== '0') throw problem(`the port name "${portName}" is there twice`)
    names.add(portName)
  }
  return entries
}
