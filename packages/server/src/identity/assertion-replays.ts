import { networkOf } from '../domain/network-of.ts'

/** Assertions at once of one client that have not run out. */
const maxPerClient = 1000
/** Of all clients. */
const maxTotal = 20_000

export interface UsedAssertion {
  /** Client id. */
  readonly name: string
  readonly address: string
  /** `jti`, hashed. */
  readonly id: string
  readonly expiresAtMs: number
}

interface Use {
  readonly network: string
  readonly expiresAtMs: number
}

/**
 * Remembers each client assertion until it runs out: it is good for the network that showed it first, and for no other.
 * Not for one use only: MSAL for Node signs one assertion for ten minutes and sends it with every request (observed).
 * Only what has been verified comes here, so strangers fill nothing; what finds no room is refused.
 */
export class AssertionReplays {
  readonly #now: () => number
  readonly #clients = new Map<string, Map<string, Use>>()
  #total = 0

  constructor({ now = Date.now }: { readonly now?: () => number } = {}) {
    this.#now = now
  }

  admit({ name, address, id, expiresAtMs }: UsedAssertion): boolean {
    const client = name.toLowerCase()
    const network = isLoopback(address) ? 'loopback' : networkOf(address)
    const known = this.#clients.get(client)?.get(id)
    if (known !== undefined && known.expiresAtMs > this.#now()) return known.network === network
    if (this.#total >= maxTotal || (this.#clients.get(client)?.size ?? 0) >= maxPerClient) this.#sweep()
    const uses = this.#clients.get(client) ?? new Map<string, Use>()
    if (this.#total >= maxTotal || uses.size >= maxPerClient) return false
    if (!uses.has(id)) this.#total += 1
    this.#clients.set(client, uses.set(id, { network, expiresAtMs }))
    return true
  }

  #sweep(): void {
    const now = this.#now()
    for (const [client, uses] of this.#clients) {
      for (const [id, { expiresAtMs }] of uses) {
        if (expiresAtMs > now) continue
        uses.delete(id)
        this.#total -= 1
      }
      if (uses.size === 0) this.#clients.delete(client)
    }
  }
}

/** One machine may come by either family. */
function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.')
}
