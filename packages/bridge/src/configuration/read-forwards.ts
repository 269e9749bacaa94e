import { parseConnectionString, RelayError } from '@postern/protocol'
import {
  type HttpTarget,
  isRange,
  type LocalBinding,
  type LocalForward,
  type RemoteForward,
  type RemoteTarget,
} from '../forward.ts'
import { bindPorts, readBasePath, targetOfPorts } from '../parse-forward.ts'
import type { MapReader } from './read-node.ts'
import { booleanKind, hostKind, nameKind, portKind, textKind } from './scalar-kinds.ts'

/** Reads an entry of `LocalForward`. */
export function readLocalForward(entry: MapReader): LocalForward | undefined {
  const head = readHead(entry)
  const inList = entry.list('Bindings')
  const noAuthentication = entry.scalar('NoAuthentication', booleanKind) ?? false
  const own = readBinding(entry, noAuthentication)
  checkEither(entry, own.isGiven, inList.length > 0, ['BindPort', 'BindLocalSocket'])
  const listed = inList.map((item) => {
    const read = readBinding(item, item.scalar('NoAuthentication', booleanKind) ?? noAuthentication)
    if (!read.isGiven) item.problem('a binding needs BindPort or BindLocalSocket')
    item.finish()
    return read
  })
  entry.finish()
  const all = inList.length > 0 ? listed : [own]
  if (head === undefined) return undefined
  const isOpen = all.some((binding) => binding.noAuthentication)
  if (isOpen && !all.every((binding) => binding.noAuthentication)) {
    entry.problem('NoAuthentication must be alike for all bindings of a relay', 'Bindings')
  }
  const bindings = all.flatMap((binding) => binding.bindings)
  return { ...head, bindings, ...(isOpen && { noAuthentication: true }) }
}

/** Reads an entry of `RemoteForward`. */
export function readRemoteForward(entry: MapReader): RemoteForward | undefined {
  const head = readHead(entry)
  const inList = entry.list('Bindings')
  const isHttp = entry.scalar('Http', booleanKind) ?? false
  const own = readTarget(entry, isHttp)
  checkEither(entry, own.isGiven, inList.length > 0, ['HostPort', 'LocalSocket', 'Host'])
  const listed = inList.map((item) => {
    const read = readTarget(item, item.scalar('Http', booleanKind) ?? isHttp)
    if (!read.isGiven) item.problem('a binding needs HostPort or LocalSocket')
    item.finish()
    return read
  })
  entry.finish()
  const all = inList.length > 0 ? listed : [own]
  if (head === undefined) return undefined
  const targets = all.flatMap(({ target }) => (target ? [target] : []))
  const httpTargets = all.flatMap(({ http }) => (http ? [http] : []))
  const names = targets.flatMap((target) => (isRange(target) ? [] : [target.portName]))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) entry.problem(`two bindings have the port name "${twice}"; give each its own PortName`)
  return { ...head, targets, ...(httpTargets.length > 0 && { httpTargets }) }
}

interface ForwardHead {
  readonly relayName: string
  readonly connectionString?: string
}

function readHead(entry: MapReader): ForwardHead | undefined {
  const connectionString = entry.scalar('ConnectionString', connectionStringKind)
  const given = entry.scalar('RelayName', nameKind)
  const relayName = given ?? (connectionString && parseConnectionString(connectionString).entityPath)
  if (relayName === undefined) {
    if (!entry.has('RelayName')) entry.problem('RelayName is missing: the name of the hybrid connection')
    return undefined
  }
  return { relayName, ...(connectionString !== undefined && { connectionString }) }
}

/** Its text is a secret: what is wrong in it is said without it. */
export const connectionStringKind = {
  expected: 'a connection string: Endpoint=sb://...;SharedAccessKeyName=...;SharedAccessKey=...',
  parse: (text: string): string | undefined => {
    const plain = textKind.parse(text)
    try {
      if (plain !== undefined) parseConnectionString(plain)
      return plain
    } catch {
      return undefined
    }
  },
}

interface ReadBinding {
  readonly isGiven: boolean
  readonly noAuthentication: boolean
  readonly bindings: readonly LocalBinding[]
}

function readBinding(entry: MapReader, noAuthentication: boolean): ReadBinding {
  const host = entry.scalar('BindAddress', hostKind)
  const portText = entry.scalar('BindPort', portKind)
  const name = entry.scalar('PortName', nameKind)
  const socketPath = entry.scalar('BindLocalSocket', textKind)
  // What the far host is called is for people only; azbridge writes one name and documents the other.
  entry.scalar('HostName', hostKind)
  entry.scalar('RemoteHostName', hostKind)
  const isGiven = entry.has('BindPort') || entry.has('BindLocalSocket')
  const none = { isGiven, noAuthentication, bindings: [] }
  if (socketPath !== undefined) {
    if (entry.has('BindPort') || entry.has('BindAddress')) {
      entry.problem('BindLocalSocket excludes BindAddress and BindPort', 'BindLocalSocket')
    }
    return { ...none, bindings: [{ protocol: 'unix', socketPath, portName: name ?? socketPath }] }
  }
  if (portText === undefined) return none
  return {
    ...none,
    bindings: guarded(entry, 'BindPort', () => bindPorts(optional({ host, portText, name }), invalid)) ?? [],
  }
}

interface ReadTarget {
  readonly isGiven: boolean
  readonly target?: RemoteTarget
  readonly http?: HttpTarget
}

function readTarget(entry: MapReader, isHttp: boolean): ReadTarget {
  const host = entry.scalar('Host', hostKind)
  const portText = entry.scalar('HostPort', portKind)
  const name = entry.scalar('PortName', nameKind)
  const socketPath = entry.scalar('LocalSocket', textKind)
  const path = entry.scalar('Path', textKind) ?? '/'
  const insecure = entry.scalar('Insecure', booleanKind) ?? false
  const isGiven = entry.has('HostPort') || entry.has('LocalSocket') || (isHttp && entry.has('Host'))
  if (isHttp) return { isGiven, ...readHttp(entry, optional({ host, portText, name }), { path, insecure }) }
  for (const key of ['Path', 'Insecure']) if (entry.has(key)) entry.problem(`${key} is only for Http: true`, key)
  if (socketPath !== undefined) {
    if (entry.has('HostPort') || entry.has('Host'))
      entry.problem('LocalSocket excludes Host and HostPort', 'LocalSocket')
    return { isGiven, target: { protocol: 'unix', socketPath, portName: name ?? socketPath } }
  }
  if (portText === undefined) return { isGiven }
  const target = guarded(entry, 'HostPort', () => targetOfPorts(optional({ host, portText, name }), invalid))
  return target ? { isGiven, target } : { isGiven }
}

interface Address {
  readonly host?: string
  readonly portText?: string
  readonly name?: string
}

function readHttp(
  entry: MapReader,
  { host = 'localhost', portText, name = 'http' }: Address,
  more: { readonly path: string; readonly insecure: boolean },
): Pick<ReadTarget, 'http'> {
  if (name !== 'http' && name !== 'https') {
    entry.problem('PortName must be http or https where Http is true', 'PortName')
    return {}
  }
  if (portText !== undefined && !/^\d+$/.test(portText)) {
    entry.problem('HostPort must be one TCP port where Http is true', 'HostPort')
    return {}
  }
  const port = portText === undefined ? { http: 80, https: 443 }[name] : Number(portText)
  const path = guarded(entry, 'Path', () => readBasePath(more.path, invalid))
  if (path === undefined) return {}
  return { http: { protocol: name, host, port, path, ...(more.insecure && { insecure: true }) } }
}

function checkEither(entry: MapReader, isOwn: boolean, isListed: boolean, keys: readonly string[]): void {
  if (isOwn && isListed) {
    entry.problem(`${keys.find((key) => entry.has(key)) ?? keys[0]} stands beside Bindings: move it into the list`)
  }
  if (!isOwn && !isListed) entry.problem(`nothing to forward: ${keys.slice(0, 2).join(' or ')} is missing`)
}

/** Runs a reader of the command line's grammar; what it refuses becomes a problem of the key. */
function guarded<T>(entry: MapReader, key: string, read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    entry.problem(`${key}: ${(error as Error).message}`, key)
    return undefined
  }
}

function invalid(reason: string): RelayError {
  return new RelayError('InvalidConfiguration', { message: reason })
}

type Given<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> }

/** Leaves out what is undefined. */
function optional<T extends { readonly [K in keyof T]: string | undefined }>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>
}
