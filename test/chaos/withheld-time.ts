const tickMs = 20

/**
 * How much time the machine has withheld from this process: how late a timer was, summed up. On a machine with too few
 * processors for everything that runs, the programs under test are held up as this one is, and a bound of 5 seconds
 * would measure the machine. A bound plus the withheld time measures the programs.
 */
export class WithheldTime implements Disposable {
  #totalMs = 0
  #lastMs = performance.now()
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  /** Since the beginning, ms. */
  get totalMs(): number {
    return this.#totalMs
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #tick(): void {
    const now = performance.now()
    this.#totalMs += Math.max(0, now - this.#lastMs - tickMs)
    this.#lastMs = now
  }
}
