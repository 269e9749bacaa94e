import { RelayError } from '../errors/relay-error.ts'
import { parseOperationTimeout } from './operation-timeout.ts'

/** What a connection string says. */
export interface ConnectionString {
  readonly endpoint: {
    /** Lower case; an IPv6 address without brackets. */
    readonly host: string
    readonly port?: number
  }
  /** Name of the hybrid connection. */
  readonly entityPath?: string
  readonly keyName?: string
  /** Secret. */
  readonly key?: string
  /** A ready-made shared access signature instead of name and key. Secret. */
  readonly signature?: string
  readonly operationTimeoutMs?: number
  /** `Managed Identity`: a token comes from elsewhere. */
  readonly authentication?: string
}

/** Characters of a key and of its name, as the .NET client bounds them (observed). */
const maxKeyLength = 256
const maxPort = 65_535

/**
 * Reads a connection string as the official clients do: parts in any order, names without regard to case, split at `;`
 * and the first `=`, every unknown part an error.
 *
 * @throws {RelayError} InvalidConnectionString naming the part that is wrong, never a value: values are secrets.
 */
export function parseConnectionString(text: string): ConnectionString {
  const parts = splitParts(text)
  const endpoint = parts.get('Endpoint')
  if (endpoint === undefined) throw invalid('Endpoint is missing')
  const timeout = parts.get('OperationTimeout')
  const operationTimeoutMs = timeout === undefined ? undefined : parseOperationTimeout(timeout)
  if (timeout !== undefined && operationTimeoutMs === undefined) {
    throw invalid('OperationTimeout must be a time such as 00:01:00, or seconds')
  }
  checkCredentials(parts)
  return {
    endpoint: parseEndpoint(endpoint),
    ...optional('entityPath', parts.get('EntityPath')),
    ...optional('keyName', parts.get('SharedAccessKeyName')),
    ...optional('key', parts.get('SharedAccessKey')),
    ...optional('signature', parts.get('SharedAccessSignature')),
    ...(operationTimeoutMs !== undefined && { operationTimeoutMs }),
    ...(parts.has('Authentication') && { authentication: managedIdentity }),
  }
}

/**
 * Writes a connection string in Azure's order: Endpoint, key name and key or signature, EntityPath.
 *
 * @throws {RelayError} InvalidConnectionString when a value holds a `;` and could not be read back.
 */
export function formatConnectionString(connection: ConnectionString): string {
  const { endpoint, entityPath, keyName, key, signature, operationTimeoutMs, authentication } = connection
  const host = endpoint.host.includes(':') && !endpoint.host.startsWith('[') ? `[${endpoint.host}]` : endpoint.host
  const port = endpoint.port === undefined ? '' : `:${endpoint.port}`
  const values: readonly (readonly [PartName, string | undefined])[] = [
    ['Endpoint', `sb://${host}${port}/`],
    ['SharedAccessKeyName', keyName],
    ['SharedAccessKey', key],
    ['SharedAccessSignature', signature],
    ['EntityPath', entityPath],
    ['OperationTimeout', operationTimeoutMs === undefined ? undefined : String(Math.ceil(operationTimeoutMs / 1000))],
    ['Authentication', authentication],
  ]
  return values
    .filter((entry): entry is readonly [PartName, string] => entry[1] !== undefined)
    .map(([name, value]) => {
      if (value.includes(';')) throw invalid(`${name} holds a semicolon`)
      return `${name}=${value}`
    })
    .join(';')
}

const partNames = [
  'Endpoint',
  'EntityPath',
  'SharedAccessKeyName',
  'SharedAccessKey',
  'SharedAccessSignature',
  'OperationTimeout',
  'Authentication',
] as const
type PartName = (typeof partNames)[number]

const managedIdentity = 'Managed Identity'

/** Empty values count as absent. */
function splitParts(text: string): ReadonlyMap<PartName, string> {
  const parts = new Map<PartName, string>()
  for (const [index, part] of text.split(';').entries()) {
    if (part.trim() === '') continue
    const equals = part.indexOf('=')
    const typed = part.slice(0, Math.max(equals, 0)).trim()
    const name = partNames.find((known) => known.toLowerCase() === typed.toLowerCase())
    // What stands there may be a secret that was cut in two: its place is all that is said.
    if (name === undefined) throw invalid(`part ${index + 1} is none of ${partNames.join(', ')}`)
    if (parts.has(name)) throw invalid(`${name} is there twice`)
    const value = part.slice(equals + 1).trim()
    if (value !== '') parts.set(name, value)
  }
  return parts
}

function parseEndpoint(text: string): ConnectionString['endpoint'] {
  const match = /^(?:sb|https|wss):\/\/(?:\[([0-9a-f:.]+)\]|([^/?#:@[\]\\\s]+))(?::(\d{1,5}))?\/?$/i.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) throw invalid('Endpoint must be an address such as sb://relay.example.test:8443/')
  const digits = match?.[3]
  if (digits === undefined) return { host: host.toLowerCase() }
  const port = Number(digits)
  if (port < 1 || port > maxPort) throw invalid(`the port of Endpoint must be from 1 to ${maxPort}`)
  return { host: host.toLowerCase(), port }
}

/** One way to authenticate, or none. */
function checkCredentials(parts: ReadonlyMap<PartName, string>): void {
  const hasName = parts.has('SharedAccessKeyName')
  const hasKey = parts.has('SharedAccessKey')
  if (hasName !== hasKey) throw invalid('SharedAccessKeyName and SharedAccessKey belong together')
  for (const name of ['SharedAccessKeyName', 'SharedAccessKey'] as const) {
    if ((parts.get(name)?.length ?? 0) > maxKeyLength)
      throw invalid(`${name} is longer than ${maxKeyLength} characters`)
  }
  const hasSignature = parts.has('SharedAccessSignature')
  if (hasSignature && hasKey) throw invalid('SharedAccessSignature and SharedAccessKey exclude each other')
  const authentication = parts.get('Authentication')
  if (authentication === undefined) return
  if (authentication.replaceAll(/\s/g, '').toLowerCase() !== 'managedidentity') {
    throw invalid(`Authentication can only be ${managedIdentity}`)
  }
  if (hasKey || hasSignature) throw invalid(`Authentication=${managedIdentity} excludes keys and signatures`)
}

function optional<Name extends string>(name: Name, value: string | undefined): { readonly [Key in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [Key in Name]?: string })
}

function invalid(problem: string): RelayError {
  return new RelayError('InvalidConnectionString', { message: `The connection string cannot be read: ${problem}.` })
}
