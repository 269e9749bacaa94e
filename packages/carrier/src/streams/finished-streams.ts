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
    this.#byKey.set(key, { ...how, forgetAtMs: nowMs + this.#keepMs })
    if (this.#byKey.size <= this.#max) return
    const [oldest] = this.#byKey
    if (!oldest) return
    this.#byKey.delete(oldest[0])
    this.#uncertainUntilMs = Math.max(this.#uncertainUntilMs, oldest[1].forgetAtMs)
  }

  /** A stream that is not here may have been here. */
  mayHaveForgotten(nowMs: number): boolean {
    return nowMs < this.#uncertainUntilMs
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
