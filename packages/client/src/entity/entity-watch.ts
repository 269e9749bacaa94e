import type { EntityFacts } from './atom-entry.ts'

/** What {@link EntityWatch} works with. */
export interface EntityWatchOptions {
  readonly read: (signal: AbortSignal) => Promise<EntityFacts>
  readonly onFacts: (facts: EntityFacts) => void
  readonly onProblem: (error: unknown) => void
  /** Default 30 s. */
  readonly intervalMs?: number
}

const defaultIntervalMs = 30_000
/** After a failure: soon, as the relay may be back at any moment, but not in step with the other watches. */
const retryMs = 4_000
/** Hints come from senders, and senders may be hostile: no more questions than this follow from them. */
const minIntervalMs = 500

/** Keeps what the relay says about a hybrid connection up to date. */
export class EntityWatch {
  readonly #options: EntityWatchOptions
  readonly #stopping = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #pending: Promise<void> | undefined
  #askedAtMs = Number.NEGATIVE_INFINITY

  constructor(options: EntityWatchOptions) {
    this.#options = options
  }

  /** Asks again at once, unless somebody has just done so; resolves when the answer is known. Never rejects. */
  refresh(): Promise<void> {
    if (this.#pending) return this.#pending
    if (this.#stopping.signal.aborted || performance.now() - this.#askedAtMs < minIntervalMs) return Promise.resolve()
    this.#askedAtMs = performance.now()
    clearTimeout(this.#timer)
    this.#pending = this.#ask().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  /** Asks now, for somebody who wants to know: an answer that is under way may be older than the question. Never rejects. */
  async askNow(): Promise<void> {
    await this.#pending
    this.#askedAtMs = Number.NEGATIVE_INFINITY
    await this.refresh()
  }

  /** Asks no more. */
  stop(): void {
    this.#stopping.abort()
    clearTimeout(this.#timer)
  }

  async #ask(): Promise<void> {
    const { signal } = this.#stopping
    const { read, onFacts, onProblem, intervalMs = defaultIntervalMs } = this.#options
    let nextMs = intervalMs
    try {
      const facts = await read(signal)
      if (!signal.aborted) onFacts(facts)
    } catch (error) {
      nextMs = Math.min(intervalMs, retryMs)
      if (!signal.aborted) onProblem(error)
    }
    if (signal.aborted) return
    this.#timer = setTimeout(() => void this.refresh(), nextMs * (0.9 + 0.1 * Math.random()))
  }
}
