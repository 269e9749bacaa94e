import { type Endpoint, parseEndpoint } from './endpoint.ts'

/**
 * The endpoint in a hybrid connection's userMetadata, where App Service keeps it as
 * `[{"key":"endpoint","value":"db.corp:5432"}]`; undefined when there is none or it cannot be read.
 */
export function endpointOfMetadata(userMetadata: string | undefined): Endpoint | undefined {
  const entries = readEntries(userMetadata ?? '')
  const entry = entries.find((each) => isEntry(each) && each.key.toLowerCase() === 'endpoint')
  const value = isEntry(entry) ? entry.value : undefined
  return typeof value === 'string' ? parseEndpoint(value) : undefined
}

function readEntries(text: string): readonly unknown[] {
  try {
    const entries: unknown = JSON.parse(text)
    return Array.isArray(entries) ? entries : []
  } catch {
    return []
  }
}

function isEntry(value: unknown): value is { readonly key: string; readonly value?: unknown } {
  return typeof value === 'object' && value !== null && 'key' in value && typeof value.key === 'string'
}
