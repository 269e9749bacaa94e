/** The parts of a rendezvous address. */
export interface RendezvousAddress {
  /** `wss://host[:port]` as the listener reached the relay. */
  readonly origin: string
  /** The sender's path as typed, with its leading slash. */
  readonly rawPath: string
  /** The sender's query as typed, without `?` and `sb-hc-` parameters. */
  readonly rawQuery: string
  readonly action: 'accept' | 'request'
  readonly id: string
  /** Leaves out parameters whose value has a `=`, even as `%3D`: the Java client closes its control channel over one. */
  readonly dropsEqualsInValues?: boolean
}

/**
 * Writes `wss://host/$hc/path?[query&]sb-hc-action=accept&sb-hc-id=<guid>`. There is always a `?`, because rejecting clients
 * append `&...` (observed).
 */
export function formatRendezvousAddress(address: RendezvousAddress): string {
  const { origin, rawPath, rawQuery, action, id } = address
  const kept = address.dropsEqualsInValues ? rawQuery.split('&').filter(isHarmless).join('&') : rawQuery
  const query = kept === '' ? '' : `${kept}&`
  return `${origin}/$hc${toSafe(rawPath)}?${toSafe(query)}sb-hc-action=${action}&sb-hc-id=${id}`
}

function isHarmless(parameter: string): boolean {
  const value = parameter.slice(parameter.indexOf('=') + 1)
  return !parameter.includes('=') || !/=|%3d/i.test(value)
}

/** What a URI cannot carry as it is (blanks, controls, quotes, what is not ASCII) is percent-encoded, the rest untouched. */
function toSafe(text: string): string {
  return text.replace(/[^\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]/gu, (character) => {
    try {
      return encodeURIComponent(character)
    } catch {
      return '%EF%BF%BD'
    }
  })
}
