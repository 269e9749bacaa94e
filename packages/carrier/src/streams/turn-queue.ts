import { Fifo } from '@postern/websocket'
import { largeTurnBytes, smallTurnBytes } from '../carrier-limits.ts'

/** Who waits for a turn. */
export interface TurnTaker {
  /** Bytes it could send now. */
  readonly sendableBytes: number
  isQueued: boolean
}

/** Whose turn it is to send: those with little first, the others in turn, and nobody starves. */
export class TurnQueue<T extends TurnTaker> {
  readonly #small = new Fifo<T>()
  readonly #large = new Fifo<T>()
  /** What the small ones had since a large one had its turn. */
  #smallBytes = 0

  get isEmpty(): boolean {
    return this.#small.size === 0 && this.#large.size === 0
  }

  /** Adds someone who may have something to send; who waits already stays where it is. */
  add(taker: T): void {
    if (taker.isQueued) return
    taker.isQueued = true
    if (taker.sendableBytes <= smallTurnBytes) this.#small.push(taker)
    else this.#large.push(taker)
  }

  next(): T | undefined {
    const isLargeTurn = this.#small.size === 0 || (this.#smallBytes >= largeTurnBytes && this.#large.size > 0)
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
