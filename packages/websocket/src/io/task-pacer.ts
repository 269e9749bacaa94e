import { Fifo } from '../collections/fifo.ts'

/**
 * What can wait for a later turn, the most urgent first: who has gone makes room, who is half inside comes before who knocks. And
 * what one task of it costs at least, milliseconds: most of it comes behind the task, when Node closes handles or reads the
 * first bytes of a TLS connection.
 */
const leastCostsMs = { goodbye: 0.15, upgrade: 0.3, handshake: 1 } as const

/** What kind of work a task is; see {@link TaskPacer}. */
export type TaskUrgency = keyof typeof leastCostsMs

export interface TaskPacerOptions {
  /** What such work may always take of one turn, milliseconds; one task is begun in any case. Default 2. */
  readonly minSliceMs?: number
  /** It may take half as long as all else in this turn did, but no longer than this: a busy door is still a door. Default 3. */
  readonly maxSliceMs?: number
  /** Milliseconds since any moment. */
  readonly now?: () => number
}

/**
 * Work that can come for thousands of connections at once, done a little in each turn of the event loop: running connections get
 * their turn in between. What comes while nothing waits is done at once. It counts no connections: who adds a task sees to it
 * that there cannot be too many.
 */
export class TaskPacer {
  readonly #lanes: readonly Lane[] = Object.entries(leastCostsMs).map(([urgency, costMs]) => new Lane(urgency, costMs))
  readonly #minSliceMs: number
  readonly #maxSliceMs: number
  readonly #now: () => number
  /** Something was done in this turn already, or waits. */
  #isTurnTaken = false
  #sliceEndedAtMs = 0

  constructor({ minSliceMs = 2, maxSliceMs = 3, now = () => performance.now() }: TaskPacerOptions = {}) {
    this.#minSliceMs = minSliceMs
    this.#maxSliceMs = maxSliceMs
    this.#now = now
  }

  /** Tasks that wait. */
  get waiting(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.size, 0)
  }

  /** Does it now or in a later turn. Whoever adds it looks, when it is done, whether there is still something to do. */
  add(urgency: TaskUrgency, task: () => void): void {
    if (this.#isTurnTaken) {
      this.#lanes.find((lane) => lane.urgency === urgency)?.push(task)
      return
    }
    this.#takeTurn()
    task()
  }

  #takeTurn(): void {
    this.#isTurnTaken = true
    this.#sliceEndedAtMs = this.#now()
    setImmediate(this.#onTurn)
  }

  readonly #onTurn = (): void => {
    this.#isTurnTaken = this.#nextLane() !== undefined
    if (!this.#isTurnTaken) return
    const beganMs = this.#now()
    const restMs = beganMs - this.#sliceEndedAtMs
    try {
      this.#doSome(beganMs, Math.max(this.#minSliceMs, Math.min(restMs / 2, this.#maxSliceMs)))
    } finally {
      this.#takeTurn()
    }
  }

  #doSome(beganMs: number, sliceMs: number): void {
    let taskBeganMs = beganMs
    for (let leftMs = sliceMs; leftMs > 0; ) {
      const lane = this.#nextLane()
      if (lane === undefined) return
      lane.shift()?.()
      const endedMs = this.#now()
      leftMs -= Math.max(lane.leastCostMs, endedMs - taskBeganMs)
      taskBeganMs = endedMs
    }
  }

  #nextLane(): Lane | undefined {
    return this.#lanes.find(({ size }) => size > 0)
  }
}

/** The tasks of one urgency. */
class Lane extends Fifo<() => void> {
  readonly urgency: string
  readonly leastCostMs: number

  constructor(urgency: string, leastCostMs: number) {
    super()
    this.urgency = urgency
    this.leastCostMs = leastCostMs
  }
}

/** That of the process: a turn is one for all connections. */
export const sharedPacer: TaskPacer = new TaskPacer()
