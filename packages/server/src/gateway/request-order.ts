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

/**
 * Keeps the order of pipelined requests whose decisions and bodies take different times. When the connection ends, nobody waits for
 * those any more that have not acted: some of them never will.
 */
export class RequestOrder {
  readonly #queues = new WeakMap<Duplex, Waiting[]>()

  /** Takes the next place on a connection. Each must act or leave, or be of a connection that is gone. */
  take(socket: Duplex): OrderedTurn {
    const queue = this.#queues.get(socket) ?? this.#open(socket)
    const waiting: Waiting = { action: undefined, isOver: false }
    queue.push(waiting)
    return {
      act: (action) => {
        if (waiting.isOver) return action()
        waiting.action = action
        advance(queue)
      },
      leave: () => {
        waiting.isOver = true
        advance(queue)
      },
    }
  }

  #open(socket: Duplex): Waiting[] {
    const queue: Waiting[] = []
    this.#queues.set(socket, queue)
    socket.once('close', () => {
      for (const waiting of queue) waiting.isOver ||= waiting.action === undefined
      advance(queue)
    })
    return queue
  }
}

function advance(queue: Waiting[]): void {
  for (let first = queue[0]; first?.isOver || first?.action; first = queue[0]) {
    queue.shift()
    if (!first.isOver) first.action?.()
  }
}
