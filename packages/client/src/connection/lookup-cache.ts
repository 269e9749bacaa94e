import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { lookupName } from '@postern/protocol'

/**
 * Long enough that a burst of connections asks once (system look-ups run four at a time in threads that the whole
 * program shares), short enough that nobody notices that a change of DNS came later.
 */
const keepMs = 2_000

type Answer = { readonly addresses: LookupAddress[]; readonly atMs: number }

/** Remembers the last addresses of a few host names for 2 s. */
export class LookupCache {
  readonly #answers = new Map<string, Answer>()
  readonly #resolve: typeof lookup
  readonly #now: () => number

  /** @param resolve the system's look-up; @param now a clock in ms. */
  constructor(resolve: typeof lookup = lookup, now: () => number = () => performance.now()) {
    this.#resolve = resolve
    this.#now = now
  }

  /** For the `lookup` option of `net.connect`. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    const known = this.#answers.get(keyOf(host, options))
    if (known && this.#now() - known.atMs < keepMs) {
      // Callers expect the answer after they have returned.
      process.nextTick(() => answer(known.addresses, options, callback))
      return
    }
    this.#resolve(lookupName(host), { ...options, all: true }, (error, addresses) => {
      if (error) {
        callback(error, [])
        return
      }
      this.#answers.set(keyOf(host, options), { addresses, atMs: this.#now() })
      answer(addresses, options, callback)
    })
  }

  /** Nobody answers there: the next look-up asks again. */
  clear(): void {
    this.#answers.clear()
  }
}

function keyOf(host: string, { family = 0, hints = 0 }: LookupOptions): string {
  return `${host} ${family} ${hints}`
}

function answer(addresses: LookupAddress[], { all }: LookupOptions, callback: Parameters<LookupFunction>[2]): void {
  const [first] = addresses
  if (all || !first) callback(null, addresses)
  else callback(null, first.address, first.family)
}
