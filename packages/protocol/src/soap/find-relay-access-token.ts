import { type XmlPiece, XmlProblem, XmlScanner } from './xml-scanner.ts'

/** What the head of a SOAP envelope says about a token. */
export type RelayAccessToken =
  | {
      readonly kind: 'token'
      readonly token: string
      /** Where the header's element is in the bytes: its first byte, and the one after its last. */
      readonly start: number
      readonly end: number
    }
  | { readonly kind: 'absent' }
  /** Not read to the end of the SOAP header; the reason names nothing of what was read. */
  | { readonly kind: 'unreadable'; readonly reason: string }

/** The end of the SOAP header must be within so many bytes. Most are below 4 KiB; signatures and their keys take more. */
export const maxSoapHeadBytes = 65_536

/** Headers of WS-Security nest 8 deep. */
const maxDepth = 32
const envelopes: ReadonlySet<string> = new Set([
  'http://schemas.xmlsoap.org/soap/envelope/',
  'http://www.w3.org/2003/05/soap-envelope',
])
const connect = 'http://schemas.microsoft.com/netservices/2009/05/servicebus/connect'
const security = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

type Start = Extract<XmlPiece, { kind: 'start' }>

/**
 * Finds the SOAP header `RelayAccessToken`, which wraps a `BinarySecurityToken` with a token as text or as Base64 of it. Only
 * the head of the envelope is looked at, at most {@link maxSoapHeadBytes}.
 */
export function findRelayAccessToken(head: Uint8Array): RelayAccessToken {
  try {
    return new HeadReader(head.subarray(0, maxSoapHeadBytes)).read()
  } catch (error) {
    if (error instanceof XmlProblem) return { kind: 'unreadable', reason: error.message }
    throw error
  }
}

/** The element that is open, with the prefixes that it declares. */
interface OpenElement {
  readonly name: string
  readonly prefixes: ReadonlyMap<string, string>
}

class HeadReader {
  readonly #scanner: XmlScanner
  readonly #open: OpenElement[] = []

  constructor(head: Uint8Array) {
    this.#scanner = new XmlScanner(head)
  }

  read(): RelayAccessToken {
    const envelope = this.#nextStart()
    const namespace = envelope && this.#namespaceIf(envelope, 'Envelope')
    if (!envelope || namespace === undefined || !envelopes.has(namespace))
      throw new XmlProblem('it is no SOAP envelope')
    const header = this.#nextStart()
    if (!header || this.#namespaceIf(header, 'Header') !== namespace || header.isEmpty) return { kind: 'absent' }
    let found: RelayAccessToken = { kind: 'absent' }
    for (let child = this.#nextStart(); child; child = this.#nextStart()) {
      if (this.#namespaceIf(child, 'RelayAccessToken') !== connect) this.#skip(child)
      else if (found.kind === 'token') throw new XmlProblem('it has two tokens')
      else found = this.#readToken(child)
    }
    return found
  }

  #readToken(wrapper: Start): RelayAccessToken {
    const inner = wrapper.isEmpty ? undefined : this.#nextStart()
    if (!inner || this.#namespaceIf(inner, 'BinarySecurityToken') !== security || inner.isEmpty) {
      throw new XmlProblem('its RelayAccessToken has no BinarySecurityToken')
    }
    let written = ''
    let piece = this.#next()
    for (; piece.kind === 'text'; piece = this.#next()) written += piece.text
    const last = this.#next((text) => text.trim() === '')
    if (piece.kind !== 'end' || last.kind !== 'end') throw new XmlProblem('its token is not text alone')
    const token = readTokenText(written)
    if (token === undefined) throw new XmlProblem('its token is neither text nor Base64')
    return { kind: 'token', token, start: wrapper.start, end: last.end }
  }

  /** The next start of an element, or undefined at the end of the one that is open; text between is left out. */
  #nextStart(): Start | undefined {
    const piece = this.#next(() => true)
    return piece.kind === 'start' ? piece : undefined
  }

  #skip({ isEmpty }: Start): void {
    if (isEmpty) return
    const depth = this.#open.length
    while (this.#open.length >= depth) this.#next()
  }

  /** @param isSkipped which text is passed over */
  #next(isSkipped: (text: string) => boolean = () => false): XmlPiece {
    for (;;) {
      const piece = this.#scanner.next()
      if (piece.kind === 'text') {
        if (isSkipped(piece.text)) continue
        return piece
      }
      if (piece.kind === 'end') {
        if (this.#open.pop()?.name !== piece.name) throw new XmlProblem('its tags do not match')
      } else this.#enter(piece)
      return piece
    }
  }

  #enter({ name, attributes, isEmpty }: Start): void {
    if (isEmpty) return
    if (this.#open.length === maxDepth) throw new XmlProblem('it is nested too deeply')
    this.#open.push({ name, prefixes: declaredPrefixes(attributes) })
  }

  /** The namespace of an element of this local name. */
  #namespaceIf({ name, attributes }: Start, localName: string): string | undefined {
    const colon = name.indexOf(':')
    if (name.slice(colon + 1) !== localName) return undefined
    const prefix = name.slice(0, Math.max(colon, 0))
    const own = declaredPrefixes(attributes).get(prefix)
    return own ?? this.#open.findLast(({ prefixes }) => prefixes.has(prefix))?.prefixes.get(prefix)
  }
}

/** The default namespace stands under the empty prefix. */
function declaredPrefixes(attributes: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const prefixes = new Map<string, string>()
  for (const [name, value] of attributes) {
    if (name === 'xmlns') prefixes.set('', value)
    else if (name.startsWith('xmlns:')) prefixes.set(name.slice('xmlns:'.length), value)
  }
  return prefixes
}

function readTokenText(written: string): string | undefined {
  const text = written.trim().replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => entities[name] ?? '')
  if (/^(?:SharedAccessSignature|Bearer) /i.test(text)) return isPrintable(text) ? text : undefined
  const compact = text.replace(/\s+/g, '')
  if (!/^[\w+/]+={0,2}$/.test(compact) || compact.includes('_')) return undefined
  const decoded = Buffer.from(compact, 'base64').toString('latin1')
  return isPrintable(decoded) ? decoded : undefined
}

function isPrintable(text: string): boolean {
  return /^[ -~]+$/.test(text)
}
