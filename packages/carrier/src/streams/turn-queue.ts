import { largeTurnBytes, smallTurnBytes } from '../carrier-limits.ts'

/** Who waits for a turn. */
export interface TurnTaker {
  /** Bytes it could send now. */
  readonly sendableBytes: number
  isQueued: boolean
}

/** First in, first out, without moving what waits. */
class Fifo<T> {
  #items: (T | undefined)[] = []
  #first = 0

  get isEmpty(): boolean {
    return this.#first === this.#items.length
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    const item = this.#items[this.#first]
    this.#items[this.#first] = undefined
    this.#first += 1
    if (this.#first === this.#items.length) {
      this.#items.length = 0
      this.#first = 0
    } else if (this.#first >= 256 && this.#first * 2 >= this.#items.length) {
      this.#items.splice(0, this.#first)
      this.#first = 0
    }
    return item
  }
}

/** Whose turn it is to send: those with little first, the others in turn, and nobody starves. */
export class TurnQueue<T extends TurnTaker> {
  readonly #small = new Fifo<T>()
  readonly #large = new Fifo<T>()
  /** What the small ones had since a large one had its turn. */
  #smallBytes = 0

  get isEmpty(): boolean {
    return this.#small.isEmpty && this.#large.isEmpty
  }

  /** Adds someone who may have something to send; who waits already stays where it is. */
  add(taker: T): void {
    if (taker.isQueued) return
    taker.isQueued = true
    if (taker.sendableBytes <= smallTurnBytes) this.#small.push(taker)
    else this.#large.push(taker)
  }

  next(): T | undefined {
    const isLargeTurn = this.#small.isEmpty || (this.#smallBytes >= largeTurnBytes && !this.#large.isEmpty)
    const taker = isLargeTurn ? this.#large.shift() : this.#small.shift()
    if (isLargeTurn) this.#smallBytes = 0
    if (taker) taker.isQueued = false
    return taker
  }

  /** Counts what a turn has used. */
  used(bytes: number): void {
    this.#smallBytes += bytes
  }
}
