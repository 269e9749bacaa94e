import { toUriPath, toUriQuery } from './percent-codec.ts'
import { escapeEquals } from './rendezvous-query.ts'

/** What a rendezvous address is made of. */
export interface RendezvousAddressParts {
  /** `wss://host[:port]`, as this listener reached the relay. */
  readonly origin: string
  /** From {@link RelayTarget}: entity and sub-path as typed, with a leading slash. */
  readonly rawPath: string
  /** From {@link RelayTarget}: the sender's own query, without `?`. */
  readonly rawQuery: string
  readonly action: 'accept' | 'request'
  /** The one-time id by which the relay knows the offer. The Java client needs a GUID first (observed). */
  readonly id: string
  /**
   * Leaves `=` in query values as the sender typed it. Only for listeners that are known not to be the Java client; see
   * {@link escapeEquals} for what happens to it otherwise.
   */
  readonly keepEquals?: boolean
}

/**
 * Makes the address at which a listener meets a sender. The relay's parameters come last, because listeners append theirs
 * to reject, and there is always a `?`, because they append with `&` (observed). The address of a request carries no query
 * of the sender: its `requestTarget` does, and nobody looks here for it.
 * Hybrid Connections protocol, "Accept message" and "Responding via rendezvous".
 */
export function formatRendezvousAddress(parts: RendezvousAddressParts): string {
  const { origin, rawPath, rawQuery, action, id, keepEquals } = parts
  const typed = action === 'accept' ? toUriQuery(rawQuery) : ''
  const query = keepEquals ? typed : escapeEquals(typed)
  const own = `sb-hc-action=${action}&sb-hc-id=${encodeURIComponent(id)}`
  return `${origin}/$hc${toUriPath(rawPath)}?${query === '' ? '' : `${query}&`}${own}`
}
