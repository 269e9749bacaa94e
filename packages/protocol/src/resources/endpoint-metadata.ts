import { type Endpoint, formatEndpoint, parseEndpoint } from './endpoint.ts'

/**
 * The endpoint in a hybrid connection's userMetadata, where App Service and the Hybrid Connection Manager keep it as
 * `[{"key":"endpoint","value":"db.corp:5432"}]`. Undefined when there is none or it cannot be read.
 */
export function endpointOfMetadata(userMetadata: string | undefined): Endpoint | undefined {
  // Asked for each request: text that is no JSON costs an error with its stack.
  if (!userMetadata) return undefined
  const value = findEntry(userMetadata)?.value
  return typeof value === 'string' ? parseEndpoint(value) : undefined
}

/**
 * Says what is wrong with the endpoint in userMetadata, undefined when nothing is or there is none: metadata may be any
 * text, but what stands under `endpoint` is where bytes are sent.
 */
export function metadataEndpointProblem(userMetadata: string): string | undefined {
  const entry = findEntry(userMetadata)
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
  const standing = entries.find(isEndpointEntry)
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
  const others = entries.filter((entry) => !isEndpointEntry(entry))
  return JSON.stringify(
    endpoint === undefined ? others : [...others, { key: endpointKey, value: formatEndpoint(endpoint) }],
  )
}

const endpointKey = 'endpoint'
interface MetadataEntry {
  readonly key: string
  readonly value?: unknown
}

/** Whatever else stands in the list does not hide the endpoint. */
function findEntry(userMetadata: string): MetadataEntry | undefined {
  return parseList(userMetadata)?.filter(isEntry).find(isEndpointEntry)
}

/** Undefined for what could not be written back as it was. */
function readEntries(userMetadata: string): readonly MetadataEntry[] | undefined {
  const entries = parseList(userMetadata)
  return entries?.every(isEntry) ? entries : undefined
}

function parseList(text: string): readonly unknown[] | undefined {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list : undefined
  } catch {
    return undefined
  }
}

function isEntry(value: unknown): value is MetadataEntry {
  return typeof value === 'object' && value !== null && 'key' in value && typeof value.key === 'string'
}

function isEndpointEntry({ key }: MetadataEntry): boolean {
  return key.toLowerCase() === endpointKey
}
