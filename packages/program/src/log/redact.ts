import { Secret, secretMask } from '../secret.ts'

/** Names of headers, query parameters and fields whose value is never logged; compared without case, `-` and `_`. */
const secretNames: ReadonlySet<string> = new Set([
  'authorization',
  'servicebusauthorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'sbhctoken',
  'sbhcsaskey',
  'token',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'clientsecret',
  'clientassertion',
  'password',
  'secret',
  'primarykey',
  'secondarykey',
  'sharedaccesskey',
  'sharedaccesssignature',
  'connectionstring',
  'privatekey',
])

/** Fields that the logger itself writes; a caller's field of this name gets a `_` so that no line has two of them. */
const ownNames: ReadonlySet<string> = new Set(['time', 'level', 'event'])

/** Deeper values are cut, so that logging a socket by mistake costs a line and not a megabyte. */
const maxDepth = 6

/** Copies log fields with secrets masked, URLs cleaned of tokens and errors turned into plain objects. */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  const clean: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    clean[ownNames.has(name) ? `${name}_` : name] = redactNamed(name, value, 0)
  }
  return clean
}

/**
 * Masks what is secret inside a text: `sb-hc-token` and other secret parameters of a URL, the signature of a shared access
 * signature, keys in a connection string, bearer tokens, who one is in a URL.
 */
export function redactText(text: string): string {
  if (!mayHoldSecret.test(text)) return text
  return text
    .replace(/((?<![a-z])sb(?:-|%2d)hc(?:-|%2d)(?:token|sas(?:-|%2d)key)=)[^&\s"'#]*/gi, `$1${secretMask}`)
    .replace(
      /(\b(?:access_token|refresh_token|id_token|client_secret|client_assertion)=)[^&\s"'#]*/gi,
      `$1${secretMask}`,
    )
    .replace(/(\bSharedAccessKey=)[^;\s"']*/gi, `$1${secretMask}`)
    .replace(/((?<![a-z])sig(?:=|%(?:25)*3d))[^&\s"';]*/gi, `$1${secretMask}`)
    .replace(/(\bBearer\s+)[\w.~+/=-]{8,}/gi, `$1${secretMask}`)
    .replace(/(\b[a-z][a-z0-9+.-]{0,15}:\/\/)[^\s/?#@]*@/gi, `$1${secretMask}@`)
}

/** What every pattern of `redactText` needs, so that the many texts without it cost one look and not five. */
const mayHoldSecret = /[=%@]|bearer/i

function redactNamed(name: string, value: unknown, depth: number): unknown {
  const isSecret = secretNames.has(name.toLowerCase().replace(/[-_]/g, ''))
  if (isSecret && value !== undefined && value !== null) return secretMask
  return redactValue(value, depth)
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Secret) return secretMask
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (depth >= maxDepth) return '[...]'
  if (value instanceof Error) return redactError(value, depth)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (value instanceof Map)
    return redactEntries(
      [...value].map(([key, item]) => [String(key), item]),
      depth,
    )
  if (Array.isArray(value) || value instanceof Set) return [...value].map((item) => redactValue(item, depth + 1))
  return redactEntries(Object.entries(value), depth)
}

function redactEntries(entries: [string, unknown][], depth: number): Record<string, unknown> {
  return Object.fromEntries(entries.map(([name, item]) => [name, redactNamed(name, item, depth + 1)]))
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause, ...rest } = Object.assign({}, error, {
    name: error.name,
    message: error.message,
    stack: error.stack,
    cause: error.cause,
  })
  return redactEntries(
    Object.entries({ name, message, ...rest, stack, cause }).filter(([, item]) => item !== undefined),
    depth,
  )
}
