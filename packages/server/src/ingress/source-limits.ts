import { networkOf } from '../domain/network-of.ts'

/** How much of something there may be: altogether, and of one source. */
export interface SourceLimitsOptions {
  readonly maxTotal: number
  readonly maxPerSource: number
  /** New ones a second of one source; ten seconds' worth may come at once. */
  readonly perSecondPerSource: number
  /** Default: `performance.now`. */
  readonly now?: () => number
}

/** Sources that are remembered at a time. One that is not is let in by the other limits alone. */
const maxSources = 65_536

/** Seconds of the rate that a source may use at once: a browser opens many connections and then none. */
const burstSeconds = 10

/** The rest of a source that has nothing open is looked for this often at most. */
const sweepIntervalMs = 10_000

interface Source {
  open: number
  tokens: number
  atMs: number
}

/** Counts connections by source (an IPv4 address, or the /64 of an IPv6 address) and how fast they come. */
export class SourceLimits {
  #options: SourceLimitsOptions
  readonly #now: () => number
  readonly #sources = new Map<string, Source>()
  #open = 0
  #sweptAtMs = Number.NEGATIVE_INFINITY

  constructor(options: SourceLimitsOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** Counts by these from now on; who is in stays. */
  change(options: Omit<SourceLimitsOptions, 'now'>): void {
    this.#options = options
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#open
  }

  /** Sources that are remembered. */
  get sources(): number {
    return this.#sources.size
  }

  /**
   * Takes a place for one connection.
   * @returns what ends it, which may be called again; or why there is none, as a sentence for the log
   */
  enter(address: string): (() => void) | string {
    const { maxTotal, maxPerSource, perSecondPerSource } = this.#options
    if (this.#open >= maxTotal) return `more than ${maxTotal} connections at once`
    const network = networkOf(address)
    const source = this.#sourceOf(network)
    if (source) {
      if (source.open >= maxPerSource) return `more than ${maxPerSource} connections at once of ${network}`
      if (source.tokens < 1) return `more than ${perSecondPerSource} connections a second of ${network}`
      source.tokens -= 1
      source.open += 1
    }
    this.#open += 1
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      this.#open -= 1
      if (source) source.open -= 1
    }
  }

  #sourceOf(network: string): Source | undefined {
    const nowMs = this.#now()
    const capacity = this.#options.perSecondPerSource * burstSeconds
    const known = this.#sources.get(network)
    if (known) {
      const earned = ((nowMs - known.atMs) / 1000) * this.#options.perSecondPerSource
      known.tokens = Math.min(capacity, known.tokens + earned)
      known.atMs = nowMs
      return known
    }
    if (nowMs - this.#sweptAtMs >= sweepIntervalMs) this.#sweep(nowMs)
    if (this.#sources.size >= maxSources) return undefined
    const made = { open: 0, tokens: capacity, atMs: nowMs }
    this.#sources.set(network, made)
    return made
  }

  /** Who has nothing open, and its whole allowance again, need not be remembered. */
  #sweep(nowMs: number): void {
    this.#sweptAtMs = nowMs
    for (const [network, { open, atMs }] of this.#sources) {
      if (open === 0 && nowMs - atMs >= burstSeconds * 1000) this.#sources.delete(network)
    }
  }
}
