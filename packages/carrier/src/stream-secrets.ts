import { secretBytes } from './codec/frame-type.ts'

const drawnAtOnce = 64

/** Random secrets of streams. Drawn one by one they were 2 % of what a new connection costs its sender's end (measured). */
export class StreamSecrets {
  readonly #drawn = new Uint8Array(drawnAtOnce * secretBytes)
  #next = drawnAtOnce

  /** A secret that nobody else has. */
  take(): Uint8Array {
    if (this.#next === drawnAtOnce) {
      crypto.getRandomValues(this.#drawn)
      this.#next = 0
    }
    const from = this.#next * secretBytes
    this.#next += 1
    return this.#drawn.slice(from, from + secretBytes)
  }
}
