import { type Endpoint, RelayError } from '@postern/protocol'
import { endpointOfMetadata } from './endpoint.ts'

/** What the relay says about a hybrid connection. */
export interface EntityFacts {
  readonly endpoint?: Endpoint
  readonly listenerCount?: number
  /** ISO 8601. */
  readonly createdAt?: string
  readonly updatedAt?: string
}

/**
 * Reads the Atom entry of a hybrid connection. Of the XML only the four members are looked for that matter here.
 *
 * @throws {RelayError} EndpointNotFound for the empty feed that Azure answers where nothing is (observed).
 */
export function readAtomEntry(xml: string): EntityFacts {
  if (!/<(?:\w+:)?HybridConnectionDescription[\s>]/.test(xml)) throw new RelayError('EndpointNotFound')
  const endpoint = endpointOfMetadata(member(xml, 'UserMetadata'))
  const listenerCount = Number(member(xml, 'ListenerCount') ?? Number.NaN)
  const createdAt = member(xml, 'CreatedAt')
  const updatedAt = member(xml, 'UpdatedAt')
  return {
    ...(endpoint && { endpoint }),
    ...(Number.isSafeInteger(listenerCount) && { listenerCount }),
    ...(createdAt !== undefined && { createdAt }),
    ...(updatedAt !== undefined && { updatedAt }),
  }
}

/** The `Detail` of a refusal, on one line; undefined when there is none. */
export function readAtomError(xml: string): string | undefined {
  return member(xml, 'Detail')?.replaceAll(/\s+/g, ' ').trim()
}

function member(xml: string, name: string): string | undefined {
  const [, text] = new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)</`).exec(xml) ?? []
  return text === undefined ? undefined : unescapeXml(text)
}

/** XML 1.0 section 4.6 and character references. */
const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescapeXml(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return named[String(name)] ?? whole
    const point = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16)
    return point <= 0x10_ffff ? String.fromCodePoint(point) : whole
  })
}
