import type { Duplex } from 'node:stream'

/** A request's place among those of its connection. */
export interface OrderedTurn {
  /** Acts as soon as all before it on the connection have acted or left. */
  act(action: () => void): void
  /** Lets the next one go on: there is nothing to do. */
  leave(): void
}

interface Waiting {
  action: (() => void) | undefined
  isOver: boolean
}

/** Keeps the order of pipelined requests whose decisions and bodies take different times. */
export class RequestOrder {
  readonly #queues = new WeakMap<Duplex, Waiting[]>()

  /** Takes the next place on a connection. Each must act or leave, or be of a connection that is gone. */
  take(socket: Duplex): OrderedTurn {
    const queue = this.#queues.get(socket) ?? []
    this.#queues.set(socket, queue)
    const waiting: Waiting = { action: undefined, isOver: false }
    queue.push(waiting)
    return {
      act: (action) => {
        waiting.action = action
        advance(queue)
      },
      leave: () => {
        waiting.isOver = true
        advance(queue)
      },
    }
  }
}

function advance(queue: Waiting[]): void {
  for (let first = queue[0]; first?.isOver || first?.action; first = queue[0]) {
    queue.shift()
    if (!first.isOver) first.action?.()
  }
}
