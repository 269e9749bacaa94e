/** Admits so many a second, and as many at once after a second of rest. */
export class OpenRate {
  readonly #perSecond: number
  #left: number
  #countedAtMs: number

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#left = perSecond
    this.#countedAtMs = nowMs
  }

  /** Counts one. @returns false when it comes too soon */
  admit(nowMs: number): boolean {
    const earned = ((nowMs - this.#countedAtMs) * this.#perSecond) / 1000
    this.#left = Math.min(this.#perSecond, this.#left + earned)
    this.#countedAtMs = nowMs
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
