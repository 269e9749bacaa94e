import type { RelayTarget } from '../addresses/relay-target.ts'

/**
 * The `requestTarget` for a listener: the path decoded once, as the service does (observed), the query as typed. `?`, `#`,
 * `%`, controls and a leading `//` stay encoded: decoded, they would begin a query, a fragment, a second escape, a line, or
 * another host (.NET resolves the target against its own address).
 */
export function toRequestTarget(target: Pick<RelayTarget, 'rawPath' | 'rawQuery'>): string {
  const path = decodeHarmless(target.rawPath).replace(/^\/{2,}/, (slashes) => `/${'%2F'.repeat(slashes.length - 1)}`)
  return target.rawQuery === '' ? path : `${path}?${target.rawQuery}`
}

/** Runs of escapes are decoded as UTF-8 together; one that is not valid UTF-8 stays. */
function decodeHarmless(rawPath: string): string {
  return rawPath.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    let decoded: string
    try {
      decoded = decodeURIComponent(escapes)
    } catch {
      return escapes
    }
    return decoded.replace(/[?#%\\\x00-\x1f\x7f-\x9f\u2028\u2029]/g, (character) => encodeURIComponent(character))
  })
}
