import { createHash } from 'node:crypto'
import type { ResumeRules } from '@postern/carrier'
import { CreditBudget, SenderCarriers } from '@postern/carrier'
import { Sender, type SenderOptions } from '@postern/client'

/** `auto`: streams of listeners that can share relayed connections. `off`: a relayed connection for every tunnel. */
export type CarrierMode = 'auto' | 'off'

/** What {@link RelayWays} works with. */
export interface RelayWaysOptions {
  /** Default `auto`. */
  readonly mode?: CarrierMode
  /** What the windows of the process may grow by; give the listener's ends the same. */
  readonly budget?: CreditBudget
  readonly resume?: ResumeRules | undefined
}

/** How one principal reaches one hybrid connection. */
export interface RelayWay {
  readonly sender: Sender
  /** Undefined with carriers off. */
  readonly carriers: SenderCarriers | undefined
}

/**
 * The ways of one process to hybrid connections. Whoever asks for the same one with the same credential gets the same way,
 * and shares its carriers; another credential never does.
 */
export class RelayWays implements Disposable {
  readonly #mode: CarrierMode
  readonly #budget: CreditBudget
  readonly #resume: ResumeRules | undefined
  readonly #ways = new Map<string, RelayWay>()
  readonly #objects = new WeakMap<object, number>()
  #objectCount = 0

  constructor({ mode = 'auto', budget, resume }: RelayWaysOptions = {}) {
    this.#mode = mode
    this.#budget = budget ?? new CreditBudget()
    this.#resume = resume
  }

  /** @throws {RelayError} InvalidConnectionString or InvalidConfiguration. */
  to(options: SenderOptions): RelayWay {
    const key = this.#keyOf(options)
    const known = this.#ways.get(key)
    if (known) return known
    const sender = new Sender(options)
    const carriers =
      this.#mode === 'off' ? undefined : new SenderCarriers({ sender, budget: this.#budget, resume: this.#resume })
    const way = { sender, carriers }
    this.#ways.set(key, way)
    return way
  }

  /** Cuts what is still open. */
  [Symbol.dispose](): void {
    for (const { carriers } of this.#ways.values()) carriers?.[Symbol.dispose]()
    this.#ways.clear()
  }

  /** Objects are the same when they are one object: a provider of tokens is a principal. */
  #keyOf(options: SenderOptions): string {
    const parts = Object.entries(options)
      .filter(([, value]) => value !== undefined)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => [name, typeof value === 'object' ? this.#numberOf(value) : value])
    // Keys of maps are easily printed; a connection string is a secret.
    return createHash('sha256').update(JSON.stringify(parts)).digest('base64')
  }

  #numberOf(object: object): number {
    const known = this.#objects.get(object)
    if (known !== undefined) return known
    this.#objectCount += 1
    this.#objects.set(object, this.#objectCount)
    return this.#objectCount
  }
}
