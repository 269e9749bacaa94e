import type { TokenSource } from '../caller.ts'
import type { AccessToken } from './access-token.ts'

/** A token that has less left than this is renewed before it is used. */
const earlyMs = 2 * 60_000

/**
 * A {@link TokenSource} that asks for a new token when there is none, when the last one is about to end, and when the relay
 * has refused it. Calls that come meanwhile wait for the same one.
 */
export function keepToken(
  renew: () => Promise<AccessToken>,
  options: { readonly first?: AccessToken; readonly now?: () => number } = {},
): TokenSource {
  const { now = Date.now } = options
  let current = options.first
  let pending: Promise<AccessToken> | undefined
  return async (refused) => {
    const isGood = current && current.expiresAtMs - earlyMs > now() && current.accessToken !== refused
    if (current && isGood) return current.accessToken
    pending ??= renew().finally(() => {
      pending = undefined
    })
    current = await pending
    return current.accessToken
  }
}
