import { networkOf } from '../domain/network-of.ts'
import { BoundedMap } from './bounded-map.ts'

/** Failures within this time count together. */
const windowMs = 5 * 60_000
/** From one network for one name: more tries than a person needs to remember a password. */
const maxPerNameAndNetwork = 10
/** From one network for all names: an office behind one address may mistype more often. */
const maxPerNetwork = 60
/** For one name from everywhere: then only networks from which this name has signed in before are let in. */
const maxPerName = 200
/** Of each kind remembered at once; the oldest are forgotten first. */
const maxRemembered = 10_000

export interface SignInAttempt {
  /** Client id or sign-in name as it was given. */
  readonly name: string
  /** Source address in canonical form. */
  readonly address: string
}

interface Failures {
  readonly count: number
  readonly sinceMs: number
}

/**
 * Slows down guessing. Who fails too often is refused unheard until the window is over: by name and network, by network,
 * and by name over all networks; the last never locks out whoever signed in from his own network before.
 */
export class SignInThrottle {
  readonly #now: () => number
  // Apart, so that names that strangers make up push out no network.
  readonly #perBoth = new BoundedMap<Failures>(maxRemembered)
  readonly #perNetwork = new BoundedMap<Failures>(maxRemembered)
  readonly #perName = new BoundedMap<Failures>(maxRemembered)
  readonly #known = new BoundedMap<true>(maxRemembered)

  constructor({ now = Date.now }: { readonly now?: () => number } = {}) {
    this.#now = now
  }

  /**
   * How long the attempt must wait; 0 lets it in. It counts as failed until `succeeded` takes that back: of many at once
   * no more are heard than one after the other.
   */
  admit(attempt: SignInAttempt): number {
    const { both, network, name } = keysOf(attempt)
    const waitMs = Math.max(
      this.#waitFor(this.#perBoth.get(both), maxPerNameAndNetwork),
      this.#waitFor(this.#perNetwork.get(network), maxPerNetwork),
      this.#known.get(both) ? 0 : this.#waitFor(this.#perName.get(name), maxPerName),
    )
    if (waitMs > 0) return waitMs
    this.#add(this.#perBoth, both, 1)
    this.#add(this.#perNetwork, network, 1)
    this.#add(this.#perName, name, 1)
    return 0
  }

  succeeded(attempt: SignInAttempt): void {
    const { both, network, name } = keysOf(attempt)
    this.#perBoth.delete(both)
    this.#add(this.#perNetwork, network, -1)
    this.#add(this.#perName, name, -1)
    this.#known.set(both, true)
  }

  /** Takes back that the attempt counts as failed; those before it still do. */
  takeBack(attempt: SignInAttempt): void {
    const { both, network, name } = keysOf(attempt)
    this.#add(this.#perBoth, both, -1)
    this.#add(this.#perNetwork, network, -1)
    this.#add(this.#perName, name, -1)
  }

  #waitFor(failures: Failures | undefined, maximum: number): number {
    if (failures === undefined || failures.count < maximum) return 0
    return Math.max(0, failures.sinceMs + windowMs - this.#now())
  }

  #add(map: BoundedMap<Failures>, key: string, count: 1 | -1): void {
    const now = this.#now()
    const failures = map.get(key)
    const isCurrent = failures !== undefined && now - failures.sinceMs < windowMs
    const before = isCurrent ? failures : { count: 0, sinceMs: now }
    map.set(key, { ...before, count: Math.max(0, before.count + count) })
  }
}

/** Names may be long: only the start counts, so that keys stay small. */
function keysOf({ name, address }: SignInAttempt): Record<'both' | 'network' | 'name', string> {
  const who = name.slice(0, 128).toLowerCase()
  const network = networkOf(address)
  return { both: `${network} ${who}`, network, name: who }
}
