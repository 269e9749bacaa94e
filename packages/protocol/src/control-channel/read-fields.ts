/** JSON from a stranger, as far as it is an object. */
export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The one command of a message, `{"accept":{...}}`; or why there is none. */
export function readCommand(text: string): { readonly name: string; readonly body: JsonObject } | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'the message is not JSON'
  }
  if (!isObject(value)) return 'the message is not a JSON object'
  const [entry] = Object.entries(value)
  if (entry === undefined) return 'the message is empty'
  const [name, body] = entry
  return { name, body: isObject(body) ? body : {} }
}

/** Headers as strings: numbers and lists are tolerated, anything else is left out. */
export function readHeaders(value: unknown): Record<string, string> {
  // No prototype: a header may be called __proto__.
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  if (!isObject(value)) return headers
  for (const [name, content] of Object.entries(value)) {
    const text = Array.isArray(content) ? content.map(String).join(', ') : content
    if (typeof text === 'string' || typeof text === 'number' || typeof text === 'boolean') headers[name] = String(text)
  }
  return headers
}

export function readString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
