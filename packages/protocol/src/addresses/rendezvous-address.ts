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
   * Makes the sender's query safe for the Java client, which ends its control channel over a `=` in a value: see
   * {@link escapeEquals}. Default false: other listeners get the query as typed.
   */
  readonly escapesEquals?: boolean
}

/**
 * Makes the address at which a listener meets a sender. The relay's parameters come last, because listeners append theirs
 * to reject, and there is always a `?`, because they append with `&` (observed). The address of a request carries no query
 * of the sender: its `requestTarget` does, and nobody looks here for it.
 * Hybrid Connections protocol, "Accept message" and "Responding via rendezvous".
 */
export function formatRendezvousAddress(parts: RendezvousAddressParts): string {
  const { origin, rawPath, rawQuery, action, id, escapesEquals } = parts
  const typed = action === 'accept' ? toUriQuery(rawQuery) : ''
  const query = escapesEquals ? escapeEquals(typed) : typed
  const own = `sb-hc-action=${action}&sb-hc-id=${encodeURIComponent(id)}`
  return `${origin}/$hc${toUriPath(rawPath)}?${query === '' ? '' : `${query}&`}${own}`
}
