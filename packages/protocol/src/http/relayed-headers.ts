/** Headers of one hop (RFC 9110 section 7.6.1) and those that frame a body: never relayed. */
const hopByHop = new Set([
  'connection',
  'close',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The relay's own credential header. */
const credentialHeader = 'servicebusauthorization'

/**
 * The sender's handshake headers for `connectHeaders`: everything but the credential, Sec-WebSocket ones included.
 * @param rawHeaders name, value, name, value ... as they came
 */
export function toConnectHeaders(
  rawHeaders: readonly string[],
  options: { readonly dropAuthorization: boolean },
): Record<string, string> {
  return joinHeaders(rawHeaders, (name) => isCredential(name, options.dropAuthorization))
}

/** The sender's request headers for a `request` message, with `via` (`1.1 host`) added to those that were there. */
export function toRequestHeaders(
  rawHeaders: readonly string[],
  options: { readonly dropAuthorization: boolean; readonly via: string },
): Record<string, string> {
  const named = namedByConnection(rawHeaders)
  const isDropped = (name: string): boolean =>
    hopByHop.has(name) || named.has(name) || isCredential(name, options.dropAuthorization)
  return joinHeaders([...rawHeaders, 'Via', options.via], isDropped)
}

/**
 * A listener's response headers as pairs for the sender, hop-by-hop ones and those that are not valid HTTP left out, `via`
 * added. Framing is the relay's own.
 */
export function toResponseHeaders(
  headers: Readonly<Record<string, string>>,
  options: { readonly via: string },
): [string, string][] {
  const raw = Object.entries(headers).flat()
  const named = namedByConnection(raw)
  const kept: [string, string][] = []
  let via = options.via
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    if (lower === 'via') via = `${value}, ${options.via}`
    else if (!hopByHop.has(lower) && !named.has(lower) && isToken(name) && isFieldValue(value)) kept.push([name, value])
  }
  kept.push(['Via', isFieldValue(via) ? via : options.via])
  return kept
}

/** Repeated headers are joined with ", " under the name that came first: arrays make .NET drop the message (observed). */
function joinHeaders(rawHeaders: readonly string[], isDropped: (lowerName: string) => boolean): Record<string, string> {
  const joined = new Map<string, { readonly name: string; value: string }>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    const lower = name.toLowerCase()
    if (isDropped(lower)) continue
    const known = joined.get(lower)
    if (known) known.value = `${known.value}${lower === 'cookie' ? '; ' : ', '}${value}`
    else joined.set(lower, { name, value })
  }
  // fromEntries defines own properties: a header called __proto__ is one like any other.
  return Object.fromEntries([...joined.values()].map(({ name, value }) => [name, value]))
}

/** Names that a Connection header lists belong to one hop too. */
function namedByConnection(rawHeaders: readonly string[]): ReadonlySet<string> {
  const named = new Set<string>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'connection') continue
    for (const name of (rawHeaders[i + 1] ?? '').split(',')) named.add(name.trim().toLowerCase())
  }
  return named
}

function isCredential(lowerName: string, dropAuthorization: boolean): boolean {
  return lowerName === credentialHeader || (dropAuthorization && lowerName === 'authorization')
}

/** RFC 9110 section 5.6.2 */
function isToken(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)
}

/** RFC 9110 section 5.5: no line ends, no controls; obs-text is let through as Latin-1. */
function isFieldValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
}
