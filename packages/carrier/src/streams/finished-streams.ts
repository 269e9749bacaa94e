import type { StreamReset } from '../reset-code.ts'

/** How a stream has ended: cleanly at a position, or by a reset. */
export interface FinishedStream {
  readonly position: number
  readonly reset: StreamReset | undefined
  readonly forgetAtMs: number
}

/** Streams that have ended at the listener's end, for a sender's end that has not heard of it. */
export class FinishedStreams {
  readonly #byKey = new Map<string, FinishedStream>()
  /** Keys in the order of their ends, the oldest behind the newest: a Map finds its oldest one behind all that were deleted. */
  readonly #keys: string[] = []
  #oldest = 0
  readonly #max: number
  readonly #keepMs: number
  /** Until then somebody may ask for a stream that had to be forgotten early. */
  #uncertainUntilMs = 0

  constructor(options: { readonly max: number; readonly keepMs: number }) {
    this.#max = options.max
    this.#keepMs = options.keepMs
  }

  get size(): number {
    return this.#byKey.size
  }

  find(key: string): FinishedStream | undefined {
    return this.#byKey.get(key)
  }

  add(key: string, how: { readonly position: number; readonly reset: StreamReset | undefined }, nowMs: number): void {
    const { position, reset } = how
    const finished = { position, reset, forgetAtMs: nowMs + this.#keepMs }
    if (this.#max === 0) return this.#forgetEarly(finished)
    const oldest = this.#keys[this.#oldest]
    this.#keys[this.#oldest] = key
    this.#oldest = (this.#oldest + 1) % this.#max
    this.#byKey.set(key, finished)
    const displaced = oldest === undefined ? undefined : this.#byKey.get(oldest)
    if (oldest === undefined || !displaced) return
    this.#byKey.delete(oldest)
    this.#forgetEarly(displaced)
  }

  /** A stream that is not here may have been here. */
  mayHaveForgotten(nowMs: number): boolean {
    return nowMs < this.#uncertainUntilMs
  }

  #forgetEarly({ forgetAtMs }: FinishedStream): void {
    this.#uncertainUntilMs = Math.max(this.#uncertainUntilMs, forgetAtMs)
  }

  /** Forgets what nobody can ask for any more. */
  tick(nowMs: number): void {
    for (const [key, { forgetAtMs }] of this.#byKey) {
      // Oldest first.
      if (forgetAtMs > nowMs) return
      this.#byKey.delete(key)
    }
  }
}
