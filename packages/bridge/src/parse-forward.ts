import { RelayError } from '@postern/protocol'
import {
  type HttpTarget,
  isRange,
  type LocalBinding,
  type LocalForward,
  portNameOf,
  type RemoteForward,
  type RemoteTarget,
} from './forward.ts'
import { parsePort, parsePortRange } from './targets/port-range.ts'

const relayNameForm = /^[0-9A-Za-z/_\-.]+$/
const socketForm = /^[A-Za-z_./][\w./-]*$/

/** Each port of a local range is a listening socket of its own. */
const maxLocalRange = 1_024

// "localhost" may resolve to ::1 alone, where programs that were told 127.0.0.1 find nobody.
const loopback = '127.0.0.1'
const defaultTargetHost = 'localhost'
const httpPorts = { http: 80, https: 443 } as const

/** Makes the error for a reason: it knows option or file and what was typed. */
export type Problem = (reason: string) => RelayError

/**
 * Reads azbridge's `-L [address:]port[U][/name][;...]:relay` or `socket[/name]:relay`; a path is parted from its name
 * by two slashes.
 *
 * @throws {RelayError} InvalidConfiguration with the option, what is wrong in it, and an example.
 * @example
 * parseLocalForward('127.0.0.1:15432:db')          // one port
 * parseLocalForward('15432/sql;16379/redis:site')  // two ports, told apart at the far end by their names
 * parseLocalForward('5353U:dns')                   // UDP
 * parseLocalForward('127.1.2.3:8000-8100:site')    // a range, each port by its number
 * parseLocalForward('/run/app/db.sock//sql:site')  // a Unix socket
 */
export function parseLocalForward(text: string): LocalForward {
  const problem = problemWith('-L', text, '127.0.0.1:15432:db')
  const colon = text.lastIndexOf(':')
  if (colon < 0) throw problem('the relay name is missing')
  const relayName = readRelayName(text.slice(colon + 1), problem)
  const bindings = text
    .slice(0, colon)
    .split(';')
    .flatMap((part) => readBinding(part.trim(), problem))
  for (const { portName } of bindings) if (portName === '') throw problem('a port name is empty')
  return { relayName, bindings }
}

/**
 * Reads azbridge's `-T relay:[name/][host:]port[U][;...]` or `relay:[name/]socket`.
 *
 * @throws {RelayError} InvalidConfiguration with the option, what is wrong in it, and an example.
 * @example
 * parseRemoteForward('db:127.0.0.1:5432')                           // one target
 * parseRemoteForward('site:sql/10.0.0.5:5432;redis/10.0.0.6:6379')  // two targets, chosen by port name
 * parseRemoteForward('pg:/run/postgresql/.s.PGSQL.5432')            // a Unix socket
 * parseRemoteForward('site:10.0.0.5:8000-8100')                     // a range
 */
export function parseRemoteForward(text: string): RemoteForward {
  const problem = problemWith('-T', text, 'db:127.0.0.1:5432')
  const [relayName, parts] = splitRelay(text, problem)
  return {
    relayName,
    targets: requireDistinctNames(
      parts.map((part) => readTarget(part, problem)),
      problem,
    ),
  }
}

/**
 * Reads azbridge's old `-R relay:[host:][name/]port[;...]`: as `-T`, with the name behind the host.
 *
 * @throws {RelayError} InvalidConfiguration as {@link parseRemoteForward}.
 */
export function parseOldRemoteForward(text: string): RemoteForward {
  const problem = problemWith('-R', text, 'db:10.0.0.5:sql/5432')
  const [relayName, parts] = splitRelay(text, problem)
  const targets = parts.map((part) => {
    const [, host, name, port] = /^(.+):([^:/]+)\/([^:/]+)$/.exec(part) ?? []
    return readTarget(host === undefined ? part : `${name}/${host}:${port}`, problem)
  })
  return { relayName, targets: requireDistinctNames(targets, problem) }
}

/**
 * Reads azbridge's `-H relay:{http|https}/host[/path][:port][;...]`.
 *
 * @throws {RelayError} InvalidConfiguration with the option, what is wrong in it, and an example.
 * @example
 * parseHttpForward('web:http/10.0.0.7:8080')
 * parseHttpForward('api:https/intranet.corp/v2')  // requests for /api/x become /v2/x there
 */
export function parseHttpForward(text: string): RemoteForward {
  const problem = problemWith('-H', text, 'web:http/10.0.0.7:8080')
  const [relayName, parts] = splitRelay(text, problem)
  return { relayName, targets: [], httpTargets: parts.map((part) => readHttpTarget(part, problem)) }
}

/** Reads the name of a hybrid connection. */
export function readRelayName(text: string, problem: Problem): string {
  if (text === '') throw problem('the relay name is missing')
  if (!relayNameForm.test(text)) throw problem(`"${text}" is no relay name (letters, digits, "/", "_", "-" and ".")`)
  return text
}

/** What stands for a port: `5432`, `53U`, `8000-8100`, `5000-5010U`. */
export interface PortText {
  readonly host?: string
  readonly portText: string
  readonly name?: string
}

/** Makes the bindings of one port text: one, or one for each port of a range. */
export function bindPorts({ host, portText, name }: PortText, problem: Problem): LocalBinding[] {
  const { protocol, digits } = splitProtocol(portText)
  const at = host === undefined ? {} : { host: host.toLowerCase() === 'localhost' ? loopback : host }
  const port = parsePort(digits, 0)
  if (port !== undefined) return [{ protocol, ...at, port, portName: name ?? portText }]
  const range = parsePortRange(digits)
  if (!range || range.isAll) throw problem(`"${portText}" is no port (0 to 65535)`)
  if (name !== undefined) throw problem(`the range "${portText}" takes no port name: each port is its own`)
  const count = range.last - range.first + 1
  if (count > maxLocalRange)
    throw problem(`the range "${portText}" has ${count} ports, at most ${maxLocalRange} can be`)
  return Array.from({ length: count }, (_, index) => {
    const each = range.first + index
    return { protocol, ...at, port: each, portName: `${each}${protocol === 'udp' ? 'U' : ''}` }
  })
}

/** Makes the target of one port text. */
export function targetOfPorts({ host = defaultTargetHost, portText, name }: PortText, problem: Problem): RemoteTarget {
  const { protocol, digits } = splitProtocol(portText)
  const port = parsePort(digits, 1)
  if (port !== undefined) return { protocol, host, port, portName: name ?? portText }
  const ports = parsePortRange(digits)
  if (!ports) throw problem(`"${portText}" is no port (1 to 65535)`)
  if (name !== undefined) throw problem(`the range "${portText}" takes no port name: each port is its own`)
  return { protocol, host, ports }
}

/** Checks that no two targets of one relay have the same port name. */
export function requireDistinctNames(targets: readonly RemoteTarget[], problem: Problem): readonly RemoteTarget[] {
  const names = new Set<string>()
  for (const target of targets) {
    const name = isRange(target) ? `${target.host}:${portNameOf(target)}` : target.portName
    if (name === '') throw problem('a port name is empty')
    if (names.has(name)) throw problem(`the port name "${name}" is there twice`)
    names.add(name)
  }
  return targets
}

/** The path in front of all requests: a slash at both ends, no dots that lead elsewhere. */
export function readBasePath(text: string, problem: Problem): string {
  const segments = text.split('/').filter((segment) => segment !== '')
  for (const segment of segments) {
    if (!/^[\w.~!$&'()*+,;=:@%-]+$/.test(segment) || segment === '.' || segment === '..') {
      throw problem(`"${text}" is no path`)
    }
  }
  return segments.length === 0 ? '/' : `/${segments.join('/')}/`
}

function problemWith(option: string, text: string, example: string): Problem {
  return (reason) =>
    new RelayError('InvalidConfiguration', { message: `${option} "${text}": ${reason}. Example: ${option} ${example}` })
}

function splitRelay(text: string, problem: Problem): [relayName: string, parts: string[]] {
  const colon = text.indexOf(':')
  if (colon < 0) throw problem('the target is missing')
  const parts = text.slice(colon + 1).split(';')
  return [readRelayName(text.slice(0, colon), problem), parts.map((part) => part.trim())]
}

function splitProtocol(portText: string): { protocol: 'tcp' | 'udp'; digits: string } {
  const isUdp = /^[0-9*-]+U$/i.test(portText)
  return isUdp ? { protocol: 'udp', digits: portText.slice(0, -1) } : { protocol: 'tcp', digits: portText }
}

function readBinding(part: string, problem: Problem): LocalBinding[] {
  const mark = /^[/.]/.test(part) ? '//' : '/'
  const slash = part.indexOf(mark, 1)
  const address = slash < 0 ? part : part.slice(0, slash).trim()
  const name = slash < 0 ? undefined : part.slice(slash + mark.length).trim()
  const { host, portText } = splitAddress(address, problem)
  if (host === undefined && socketForm.test(address)) {
    return [{ protocol: 'unix', socketPath: address, portName: name ?? address }]
  }
  return bindPorts({ portText, ...(host !== undefined && { host }), ...(name !== undefined && { name }) }, problem)
}

function readTarget(part: string, problem: Problem): RemoteTarget {
  const slash = /^[/.]/.test(part) ? -1 : part.indexOf('/')
  const name = slash < 0 ? undefined : part.slice(0, slash).trim()
  const address = slash < 0 ? part : part.slice(slash + 1).trim()
  const { host, portText } = splitAddress(address, problem)
  if (host === undefined && socketForm.test(address)) {
    return { protocol: 'unix', socketPath: address, portName: name ?? address }
  }
  return targetOfPorts({ portText, ...(host !== undefined && { host }), ...(name !== undefined && { name }) }, problem)
}

function readHttpTarget(part: string, problem: Problem): HttpTarget {
  const [, scheme, given] = /^(https?)\/(.+)$/.exec(part) ?? []
  // A port alone is that of this machine, as with -T.
  const rest = given?.replace(/^(?=\d+$)/, `${defaultTargetHost}:`)
  if (rest === undefined || (scheme !== 'http' && scheme !== 'https')) {
    throw problem(`"${part}" must begin with http/ or https/`)
  }
  const [, address = '', portText] = /^(.*?)(?::([^:\]/]*))?$/.exec(rest) ?? []
  const slash = address.indexOf('/')
  const host = (slash < 0 ? address : address.slice(0, slash)).replace(/^\[(.*)\]$/, '$1')
  if (!/^[\w.:-]+$/.test(host)) throw problem(`"${host}" is no host`)
  const port = portText === undefined ? httpPorts[scheme] : parsePort(portText, 1)
  if (port === undefined) throw problem(`"${portText}" is no port (1 to 65535)`)
  return { protocol: scheme, host, port, path: readBasePath(slash < 0 ? '' : address.slice(slash), problem) }
}

function splitAddress(address: string, problem: Problem): { host?: string; portText: string } {
  const colon = address.lastIndexOf(':')
  if (colon < 0) return { portText: address }
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  if (host === '') throw problem(`"${address}" has no host in front of the colon ("*" stands for all addresses)`)
  return { host, portText: address.slice(colon + 1) }
}
