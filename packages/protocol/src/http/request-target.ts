import { decodePercent } from '../addresses/percent-codec.ts'
import type { RelayTarget } from '../addresses/relay-target.ts'

/**
 * Makes the `requestTarget` of a request message: the path percent-decoded once and the query as typed (observed). These
 * stay encoded: `?`, `#`, `%` and control characters, which would change what the target means, and slashes (or
 * backslashes, which URL libraries take for slashes) directly behind the first one: .NET resolves the target against the
 * listener's address, and `//host` would lead it to another host.
 */
export function toRequestTarget(target: Pick<RelayTarget, 'rawPath' | 'rawQuery'>): string {
  const path = decodePercent(target.rawPath, changesMeaning).replace(
    /^\/([/\\]+)/,
    (_whole, slashes: string) => `/${encodeURIComponent(slashes)}`,
  )
  return target.rawQuery === '' ? path : `${path}?${target.rawQuery}`
}

function changesMeaning(character: string): boolean {
  return /^[?#%\p{Cc}\u{2028}\u{2029}]/u.test(character)
}
