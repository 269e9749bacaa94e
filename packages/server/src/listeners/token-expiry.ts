/** setTimeout's longest delay; a token that lives longer is looked at again then. */
const maxTimerMs = 2 ** 31 - 1

/** Tells when the token of an open connection has run out. */
export class TokenExpiry {
  readonly #onExpired: () => void
  #atMs = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(onExpired: () => void) {
    this.#onExpired = onExpired
  }

  /** Counts from now on for another token. @param atMs epoch milliseconds; Infinity never comes */
  watch(atMs: number): void {
    this.stop()
    this.#atMs = atMs
    if (atMs === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(() => this.#onTimer(), Math.min(Math.max(atMs - Date.now(), 0), maxTimerMs))
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #onTimer(): void {
    if (Date.now() < this.#atMs) this.watch(this.#atMs)
    else this.#onExpired()
  }
}
