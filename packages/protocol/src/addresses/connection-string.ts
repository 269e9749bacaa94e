import { RelayError } from '../errors/relay-error.ts'

/** How to reach a namespace or hybrid connection, and with which credential. */
export interface ConnectionString {
  readonly endpoint: { readonly host: string; readonly port?: number }
  readonly entityPath?: string
  readonly keyName?: string
  readonly key?: string
  /** A finished shared access signature instead of a key. */
  readonly signature?: string
  readonly operationTimeoutMs?: number
  /** `Managed Identity`, as .NET writes it. */
  readonly authentication?: string
}

const keys: ReadonlyMap<string, string> = new Map(
  [
    'Endpoint',
    'SharedAccessKeyName',
    'SharedAccessKey',
    'EntityPath',
    'SharedAccessSignature',
    'OperationTimeout',
    'Authentication',
  ].map((name) => [name.toLowerCase(), name]),
)

/**
 * Reads `Endpoint=sb://HOST[:PORT]/;SharedAccessKeyName=...;SharedAccessKey=...;EntityPath=...`, keys in any order and case.
 * @throws {RelayError} InvalidConnectionString, naming the key that is wrong; values are never repeated in the text
 */
export function parseConnectionString(text: string): ConnectionString {
  const parts = readParts(text)
  const { Endpoint, EntityPath, SharedAccessKeyName, SharedAccessKey, SharedAccessSignature } = parts
  if (Endpoint === undefined) throw invalid('Endpoint is missing')
  if (SharedAccessSignature !== undefined && (SharedAccessKeyName ?? SharedAccessKey) !== undefined) {
    throw invalid('SharedAccessSignature cannot stand beside SharedAccessKeyName and SharedAccessKey')
  }
  if ((SharedAccessKeyName === undefined) !== (SharedAccessKey === undefined)) {
    throw invalid(`${SharedAccessKey === undefined ? 'SharedAccessKey' : 'SharedAccessKeyName'} is missing`)
  }
  if (parts.Authentication !== undefined && (SharedAccessSignature ?? SharedAccessKey) !== undefined) {
    throw invalid('Authentication cannot stand beside keys or a signature')
  }
  for (const name of ['SharedAccessKeyName', 'SharedAccessKey'] as const) {
    if ((parts[name]?.length ?? 0) > 256) throw invalid(`${name} is longer than 256 characters`)
  }
  return {
    endpoint: parseEndpoint(Endpoint),
    ...(EntityPath !== undefined && { entityPath: EntityPath.replace(/^\/+|\/+$/g, '') }),
    ...(SharedAccessKeyName !== undefined && { keyName: SharedAccessKeyName }),
    ...(SharedAccessKey !== undefined && { key: SharedAccessKey }),
    ...(SharedAccessSignature !== undefined && { signature: SharedAccessSignature }),
    ...(parts.OperationTimeout !== undefined && { operationTimeoutMs: parseTimeout(parts.OperationTimeout) }),
    ...(parts.Authentication !== undefined && { authentication: parts.Authentication }),
  }
}

/** Writes a connection string in the field order that Microsoft's agents demand: Endpoint, name, key, EntityPath. */
export function formatConnectionString(connection: ConnectionString): string {
  const { endpoint, keyName, key, signature, entityPath } = connection
  const port = endpoint.port === undefined ? '' : `:${endpoint.port}`
  const parts = [
    `Endpoint=sb://${endpoint.host}${port}/`,
    ...(keyName === undefined ? [] : [`SharedAccessKeyName=${keyName}`]),
    ...(key === undefined ? [] : [`SharedAccessKey=${key}`]),
    ...(signature === undefined ? [] : [`SharedAccessSignature=${signature}`]),
    ...(entityPath === undefined ? [] : [`EntityPath=${entityPath}`]),
  ]
  return parts.join(';')
}

type Parts = { [Name in 'Endpoint' | 'EntityPath' | 'SharedAccessKeyName' | 'SharedAccessKey']?: string } & {
  SharedAccessSignature?: string
  OperationTimeout?: string
  Authentication?: string
}

function readParts(text: string): Parts {
  const parts: Parts = {}
  for (const part of text.trim().split(';')) {
    if (part.trim() === '') continue
    const equals = part.indexOf('=')
    const name = keys.get(part.slice(0, Math.max(equals, 0)).trim().toLowerCase())
    if (equals < 0) throw invalid('a part has no "="')
    if (name === undefined) throw invalid(`a key is unknown; known are ${[...keys.values()].join(', ')}`)
    if (Object.hasOwn(parts, name)) throw invalid(`${name} stands twice`)
    const value = part.slice(equals + 1).trim()
    if (value === '') throw invalid(`${name} is empty`)
    parts[name as keyof Parts] = value
  }
  return parts
}

function parseEndpoint(text: string): ConnectionString['endpoint'] {
  const match = /^sb:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?\/?$/i.exec(text)
  if (match?.[1] === undefined) throw invalid('Endpoint must have the form sb://HOST/ or sb://HOST:PORT/')
  const port = match[2] === undefined ? undefined : Number(match[2])
  if (port !== undefined && (port < 1 || port > 65_535)) throw invalid('the port of Endpoint is not in 1-65535')
  return { host: match[1], ...(port !== undefined && { port }) }
}

/** `00:01:00` as .NET writes it, or seconds as Java does. */
function parseTimeout(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text) * 1000
  const match = /^(?:(\d{1,4})\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d{1,7})?$/.exec(text)
  if (match === null) throw invalid('OperationTimeout must be seconds or hh:mm:ss')
  const [days, hours, minutes, seconds] = match.slice(1).map((digits) => Number(digits ?? 0))
  return ((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000
}

function invalid(problem: string): RelayError {
  return new RelayError('InvalidConnectionString', { message: `The connection string is not valid: ${problem}.` })
}
