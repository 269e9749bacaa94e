import { isIPv6 } from 'node:net'

/** The `host:port` that a hybrid connection stands for: where its listener connects to. */
export interface Endpoint {
  /** Host name or address; an IPv6 address without brackets. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
}

/** Reads `host:port` or `[IPv6 address]:port`; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[(.+)\]|([\w.-]+)):(\d{1,5})$/.exec(text)
  const [, address, name] = match ?? []
  const host = address !== undefined && isIPv6(address) ? address : name
  const port = Number(match?.[3])
  if (host === undefined || host.length > maxHostLength || port < 1 || port > maxPort) return undefined
  return { host, port }
}

export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/**
 * The endpoint in a hybrid connection's userMetadata, where App Service and the Hybrid Connection Manager keep it as
 * `[{"key":"endpoint","value":"db.corp:5432"}]`. Undefined when there is none or it cannot be read.
 */
export function endpointOfMetadata(userMetadata: string | undefined): Endpoint | undefined {
  const value = readEntries(userMetadata ?? '[]')?.find(({ key }) => key.toLowerCase() === endpointKey)?.value
  return typeof value === 'string' ? parseEndpoint(value) : undefined
}

/**
 * Says what is wrong with the endpoint in userMetadata, undefined when nothing is or there is none: metadata may be any
 * text, but what stands under `endpoint` is where bytes are sent.
 */
export function metadataEndpointProblem(userMetadata: string): string | undefined {
  const entry = readEntries(userMetadata)?.find(({ key }) => key.toLowerCase() === endpointKey)
  if (!entry || (typeof entry.value === 'string' && parseEndpoint(entry.value))) return undefined
  const found = entry.value === undefined ? 'nothing' : JSON.stringify(entry.value).slice(0, 100)
  return `The endpoint in userMetadata must be host:port, such as db.corp:5432 or [fd00::1]:5432, not ${found}`
}

/**
 * Adds an endpoint to userMetadata that may hold other entries.
 * @returns `unreadable` when it is no list of entries, `different` when it names another endpoint already.
 */
export function addEndpointToMetadata(
  userMetadata: string | undefined = '[]',
  endpoint: Endpoint,
): { readonly userMetadata: string } | 'unreadable' | 'different' {
  const entries = readEntries(userMetadata)
  if (!entries) return 'unreadable'
  const standing = entries.find(({ key }) => key.toLowerCase() === endpointKey)
  const value = formatEndpoint(endpoint)
  if (!standing) return { userMetadata: JSON.stringify([...entries, { key: endpointKey, value }]) }
  return standing.value === value ? { userMetadata } : 'different'
}

/**
 * Puts an endpoint into userMetadata instead of the one that stands there, or takes it out; other entries stay.
 * @returns undefined when the metadata is no list of entries and cannot hold one
 */
export function withMetadataEndpoint(userMetadata = '[]', endpoint: Endpoint | undefined): string | undefined {
  const entries = readEntries(userMetadata)
  if (!entries) return endpoint === undefined ? userMetadata : undefined
  const others = entries.filter(({ key }) => key.toLowerCase() !== endpointKey)
  return JSON.stringify(
    endpoint === undefined ? others : [...others, { key: endpointKey, value: formatEndpoint(endpoint) }],
  )
}

const endpointKey = 'endpoint'
/** RFC 1035 section 2.3.4. */
const maxHostLength = 255
const maxPort = 65_535

interface MetadataEntry {
  readonly key: string
  readonly value?: unknown
}

function readEntries(userMetadata: string): readonly MetadataEntry[] | undefined {
  try {
    const entries: unknown = JSON.parse(userMetadata)
    return Array.isArray(entries) && entries.every(isEntry) ? entries : undefined
  } catch {
    return undefined
  }
}

function isEntry(value: unknown): value is MetadataEntry {
  return typeof value === 'object' && value !== null && 'key' in value && typeof value.key === 'string'
}
