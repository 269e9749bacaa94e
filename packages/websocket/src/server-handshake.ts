import { createHash } from 'node:crypto'

/** What an upgrade request asks for. */
export interface UpgradeRequest {
  /** Sec-WebSocket-Key */
  readonly key: string
  /** Sec-WebSocket-Protocol, in the order offered. */
  readonly protocols: readonly string[]
  /**
   * Sec-WebSocket-Extensions offers permessage-deflate in a form that may be accepted without parameters. An offer that
   * demands something of the server may not. RFC 7692 sections 7.1.1.1 and 7.1.2.1
   */
  readonly offersDeflate: boolean
}

/** Why a request cannot become a WebSocket. */
export interface UpgradeProblem {
  readonly problem: string
}

/** Reads the headers of an upgrade, as they came: name, value, name, value. RFC 6455 section 4.2.1 */
export function readUpgradeRequest(request: {
  readonly method: string
  readonly rawHeaders: readonly string[]
}): UpgradeRequest | UpgradeProblem {
  const headers = collect(request.rawHeaders)
  const key = headers.get('sec-websocket-key') ?? ''
  if (request.method !== 'GET') return { problem: 'A WebSocket begins with GET.' }
  if (!hasToken(headers.get('upgrade'), 'websocket')) return { problem: 'The Upgrade header does not say websocket.' }
  if (!hasToken(headers.get('connection'), 'upgrade')) return { problem: 'The Connection header does not say Upgrade.' }
  if (headers.get('sec-websocket-version') !== '13') return { problem: 'Sec-WebSocket-Version must be 13.' }
  // 16 bytes in base64: hyco-ws makes them from its clock, not at random (observed).
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) return { problem: 'Sec-WebSocket-Key is not 16 bytes in base64.' }
  const protocols = listOf(headers.get('sec-websocket-protocol'))
  if (!protocols.every(isToken)) return { problem: 'Sec-WebSocket-Protocol has a value that is no token.' }
  return { key, protocols, offersDeflate: offersDeflate(headers.get('sec-websocket-extensions')) }
}

/** The bytes (ASCII) of a 101 answer with exactly the headers that a client expects. RFC 6455 section 4.2.2 */
export function formatSwitchingProtocols(answer: {
  readonly key: string
  readonly protocol?: string
  readonly extensions?: string
  readonly headers?: readonly (readonly [string, string])[]
}): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptKey(answer.key)}`,
    ...(answer.protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${answer.protocol}`]),
    ...(answer.extensions === undefined ? [] : [`Sec-WebSocket-Extensions: ${answer.extensions}`]),
    ...(answer.headers ?? []).map(([name, value]) => `${name}: ${value}`),
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** Sec-WebSocket-Accept for a Sec-WebSocket-Key. RFC 6455 section 1.3 */
export function acceptKey(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

/** RFC 9110 section 5.6.2 */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)
}

/** Repeated headers are one list. */
function collect(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    const value = rawHeaders[i + 1] ?? ''
    const known = headers.get(name)
    headers.set(name, known === undefined ? value : `${known}, ${value}`)
  }
  return headers
}

function listOf(value: string | undefined): readonly string[] {
  if (value === undefined) return []
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function hasToken(value: string | undefined, token: string): boolean {
  return listOf(value).some((item) => item.toLowerCase() === token)
}

function offersDeflate(extensions: string | undefined): boolean {
  return listOf(extensions).some(
    (extension) =>
      /^permessage-deflate\s*(?:;|$)/i.test(extension) &&
      !/;\s*server_(?:no_context_takeover|max_window_bits)\b/i.test(extension),
  )
}
