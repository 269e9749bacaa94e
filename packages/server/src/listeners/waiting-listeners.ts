import type { Duplex } from 'node:stream'
import type { EntityKey } from '../domain/hybrid-connection.ts'

/** Over all entities. A restart of the relay makes about a thousand of one hyco-ws listener in a few seconds (observed). */
const defaultMaximum = 4000

/**
 * Upgrades of listeners that are left unanswered until there is a place for them: for clients that make two attempts of
 * every refusal. Whoever has waited longest comes first.
 */
export class WaitingListeners {
  readonly #maximum: number
  readonly #waiting = new Map<EntityKey, Map<Duplex, () => void>>()
  #size = 0
  #closed = false

  constructor({ maximum = defaultMaximum }: { readonly maximum?: number } = {}) {
    this.#maximum = maximum
  }

  get size(): number {
    return this.#size
  }

  /**
   * Keeps `socket` until `onPlace` is called or its client leaves. A client that speaks before it is answered is cut.
   * @returns false when too many wait already
   */
  add(entity: EntityKey, socket: Duplex, onPlace: () => void): boolean {
    if (this.#size >= this.#maximum) return false
    const cut = (): void => void socket.destroy()
    const leave = (): void => {
      socket.off('data', cut).off('end', cut).off('error', cut).off('close', leave).pause()
      this.#remove(entity, socket)
    }
    const waiting = this.#waiting.get(entity) ?? new Map<Duplex, () => void>()
    this.#waiting.set(entity, waiting)
    waiting.set(socket, () => {
      leave()
      onPlace()
    })
    this.#size += 1
    socket.on('data', cut).on('end', cut).on('error', cut).on('close', leave)
    return true
  }

  /** Lets them go on, one by one, as long as there is a place: an entity's listener has left. */
  release(entity: EntityKey, hasPlace: () => boolean): void {
    for (const goOn of this.#waiting.get(entity)?.values() ?? []) {
      if (this.#closed || !hasPlace()) return
      goOn()
    }
  }

  /** From now on nobody goes on; they wait until their sockets are closed. */
  close(): void {
    this.#closed = true
  }

  #remove(entity: EntityKey, socket: Duplex): void {
    const waiting = this.#waiting.get(entity)
    if (waiting?.delete(socket) !== true) return
    this.#size -= 1
    if (waiting.size === 0) this.#waiting.delete(entity)
  }
}
