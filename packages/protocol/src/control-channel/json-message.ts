import type { MalformedMessage, UnknownMessage } from './messages.ts'

/** A JSON object from outside: own members of unknown types. */
export type JsonObject = Readonly<Record<string, unknown>>

/** One command as it came, before its members are looked at. */
export interface JsonCommand<Name extends string> {
  readonly kind: 'command'
  readonly name: Name
  readonly content: JsonObject
}

/**
 * Reads a control message as JSON and finds its command: the first top-level member that is one of `names`. Members beside
 * it are ignored.
 */
export function readCommand<Name extends string>(
  text: string,
  names: readonly Name[],
): JsonCommand<Name> | UnknownMessage | MalformedMessage {
  const message = parseJson(text)
  if (!isJsonObject(message)) return malformed('the message is not a JSON object')
  const name = names.find((known) => Object.hasOwn(message, known))
  if (name === undefined) return { kind: 'unknown', name: Object.keys(message)[0] ?? '' }
  const content = message[name]
  return isJsonObject(content) ? { kind: 'command', name, content } : malformed(`${name} is not an object`)
}

export function malformed(reason: string): MalformedMessage {
  return { kind: 'malformed', reason }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An own member; what every object inherits is not part of a message. */
export function member(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

export function stringMember(object: JsonObject, name: string): string | undefined {
  const value = member(object, name)
  return typeof value === 'string' ? value : undefined
}

/** A flag; absent and null mean false, undefined that it is something else. */
export function booleanMember(object: JsonObject, name: string): boolean | undefined {
  const value = member(object, name) ?? false
  return typeof value === 'boolean' ? value : undefined
}

/**
 * Headers with string values. Listeners also send numbers, which become text, and lists, which are joined; whatever else
 * a value is, the header is left out. Absent and null mean no headers, undefined that it is no object at all.
 */
export function headersMember(object: JsonObject, name: string): Record<string, string> | undefined {
  const headers = member(object, name) ?? {}
  if (!isJsonObject(headers)) return undefined
  const read = Object.entries(headers).map(([header, value]) => [header, headerValue(value)] as const)
  // fromEntries defines members, so that a header named __proto__ is one like any other.
  return Object.fromEntries(read.filter((entry): entry is readonly [string, string] => entry[1] !== undefined))
}

function headerValue(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    return value
      .map(scalarText)
      .filter((text) => text !== undefined)
      .join(', ')
  }
  return scalarText(value)
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
