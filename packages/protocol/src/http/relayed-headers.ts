import { endpointHeader } from '../control-channel/postern-headers.ts'

/** What {@link toConnectHeaders} and {@link toRequestHeaders} must know of the authorisation. */
export interface RelayedHeadersOptions {
  /** `Authorization` was the credential for the relay; otherwise it belongs to the application. */
  readonly dropAuthorization: boolean
}

/**
 * Makes the `connectHeaders` of an accept message from a handshake's headers (`rawHeaders` of node:http: name, value,
 * name, value). Everything is kept but the relay's credential, and what only the relay may say.
 * Hybrid Connections protocol, "Accept message".
 *
 * @param options.endpoint for a listener of ours: where the hybrid connection leads now
 */
export function toConnectHeaders(
  rawHeaders: readonly string[],
  options: RelayedHeadersOptions & { readonly endpoint?: string | undefined },
): Record<string, string> {
  const headers = join(rawHeaders, (name) => name === lowerEndpointHeader || isCredential(name, options))
  return options.endpoint === undefined ? headers : { ...headers, [endpointHeader]: options.endpoint }
}

/** By these a listener knows a message from a request: only the relay may say them. docs/protocol/messages.md */
const messageHeaders: ReadonlySet<string> = new Set(['sb-hc-delivery', 'sb-hc-message-id'])

/** A listener of ours believes it: a sender must not choose where it is led. */
const lowerEndpointHeader = endpointHeader.toLowerCase()

/**
 * Makes the `requestHeaders` of a request message: without the relay's credential, what concerns only this connection and
 * what only the relay may say, and with the relay's own entry in Via. Hybrid Connections protocol, "Request message"; Host stays (observed).
 *
 * @param options.via the relay's entry, `1.1 relay.example.test`
 */
export function toRequestHeaders(
  rawHeaders: readonly string[],
  options: RelayedHeadersOptions & { readonly via: string },
): Record<string, string> {
  const named = namedByConnection(rawHeaders)
  const isDropped = (name: string): boolean =>
    isCredential(name, options) || isConnectionHeader(name) || messageHeaders.has(name) || named.has(name)
  return join([...rawHeaders, 'Via', options.via], isDropped)
}

/**
 * Makes the sender's response headers from those of a response message: name and value pairs that are valid HTTP, without
 * what concerns only the connection between listener and relay, and with the relay's own entry in Via. Content-Length is
 * the writer's to decide. Characters beyond Latin-1 become the bytes of their UTF-8 form.
 */
export function toResponseHeaders(
  headers: Readonly<Record<string, string>>,
  options: { readonly via: string },
): [name: string, value: string][] {
  const named = namedByConnection(Object.entries(headers).flat())
  const kept: [string, string][] = []
  let via = options.via
  for (const [name, text] of Object.entries(headers)) {
    if (!token.test(name) || isConnectionHeader(name.toLowerCase()) || named.has(name.toLowerCase())) continue
    const value = toFieldValue(text)
    if (name.toLowerCase() === 'via') via = `${value}, ${via}`
    else kept.push([name, value])
  }
  kept.push(['Via', via])
  return kept
}

/** RFC 9110 section 5.6.2. */
const token = /^[\w!#$%&'*+.^`|~-]+$/

/**
 * Headers of one connection, by lower-case name. Hybrid Connections protocol, "Request message"; Keep-Alive observed; the
 * relay has answered Expect itself (RFC 9110 section 10.1.1).
 */
const connectionHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'transfer-encoding',
  'te',
  'expect',
  'trailer',
  'upgrade',
  'close',
  'keep-alive',
])

function isConnectionHeader(name: string): boolean {
  return connectionHeaders.has(name) || name.startsWith('proxy-')
}

/** RFC 9110 section 7.6.1: an intermediary removes the fields that Connection names, too. */
function namedByConnection(rawHeaders: readonly string[]): ReadonlySet<string> {
  const names = rawHeaders.flatMap((text, index) =>
    index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'connection' ? text.toLowerCase().split(',') : [],
  )
  // Via is the relay's own entry as well, and nobody takes that out.
  return new Set(names.map((name) => name.trim()).filter((name) => name !== 'via'))
}

function isCredential(name: string, { dropAuthorization }: RelayedHeadersOptions): boolean {
  return name === 'servicebusauthorization' || (dropAuthorization && name === 'authorization')
}

/**
 * Repeated headers become one, under the first spelling of their name (RFC 9110 section 5.3; Cookie by RFC 6265 section
 * 5.4). A header may have any name, `__proto__` too: names go through a Map, never through an assignment.
 */
function join(rawHeaders: readonly string[], isDropped: (name: string) => boolean): Record<string, string> {
  const joined = new Map<string, { readonly name: string; value: string }>()
  let name: string | undefined
  for (const text of rawHeaders) {
    if (name === undefined) {
      name = text
      continue
    }
    const key = name.toLowerCase()
    const first = joined.get(key)
    if (first) first.value += `${key === 'cookie' ? '; ' : ', '}${text}`
    else if (!isDropped(key)) joined.set(key, { name, value: text })
    name = undefined
  }
  return Object.fromEntries([...joined.values()].map((header) => [header.name, header.value]))
}

/** RFC 9110 section 5.5: CR, LF and NUL in a value become spaces; so do the other controls, which no client expects. */
function toFieldValue(text: string): string {
  const line = text.replaceAll(/(?!\t)[\u{0}-\u{1f}\u{7f}]+/gu, ' ').trim()
  if (!/[^\u{0}-\u{ff}]/u.test(line)) return line
  return Array.from(new TextEncoder().encode(line), (byte) => String.fromCharCode(byte)).join('')
}
