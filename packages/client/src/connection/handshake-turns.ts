interface Lane {
  underWay: number
  readonly waiting: Set<() => void>
}

/**
 * Enough for a relay that is half a second away; few enough for a slow machine to end each in time, which it would not with
 * hundreds at once: all would be given up unfinished, and begun anew for ever.
 */
const defaultLimit = 16

/**
 * Lets few handshakes with a relay be under way at the same moment, shared by the listeners of a program. One that waits for its
 * turn has no time running. A relay that does not answer holds up nobody who wants another one.
 */
export class HandshakeTurns {
  readonly #limit: number
  readonly #lanes = new Map<string, Lane>()

  constructor(limit: number = defaultLimit) {
    this.#limit = limit
  }

  /**
   * Does the work when it is its turn.
   *
   * @param queue the relay that it is done with, and what for where that shall not hold up other things
   * @throws the signal's reason when it is aborted before; what the work throws.
   */
  async run<T>(queue: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const lane = this.#laneOf(queue)
    if (lane.underWay >= this.#limit) await turnIn(lane, signal)
    else lane.underWay += 1
    try {
      signal.throwIfAborted()
      return await work()
    } finally {
      this.#pass(queue, lane)
    }
  }

  #laneOf(queue: string): Lane {
    const known = this.#lanes.get(queue)
    if (known) return known
    const lane: Lane = { underWay: 0, waiting: new Set() }
    this.#lanes.set(queue, lane)
    return lane
  }

  /** The turn goes to the one that has waited longest. */
  #pass(queue: string, lane: Lane): void {
    const [next] = lane.waiting
    if (next) {
      lane.waiting.delete(next)
      next()
      return
    }
    lane.underWay -= 1
    if (lane.underWay === 0) this.#lanes.delete(queue)
  }
}

function turnIn(lane: Lane, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const begin = (): void => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    }
    const giveUp = (): void => {
      lane.waiting.delete(begin)
      reject(signal.reason)
    }
    if (signal.aborted) return giveUp()
    lane.waiting.add(begin)
    signal.addEventListener('abort', giveUp, { once: true })
  })
}
