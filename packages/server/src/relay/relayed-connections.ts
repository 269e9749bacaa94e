import { createRelayBuffers, type RelayBuffers } from './relay-buffers.ts'
import type { RelayedConnection } from './relayed-connection.ts'

/** The relayed connections of this node, by hybrid connection. */
export class RelayedConnections {
  /** Shared by all of them. */
  readonly buffers: RelayBuffers = createRelayBuffers()
  readonly #byEntity = new Map<string, Set<RelayedConnection>>()

  add(entity: string, connection: RelayedConnection): void {
    const connections = this.#byEntity.get(entity)
    if (connections) connections.add(connection)
    else this.#byEntity.set(entity, new Set([connection]))
  }

  remove(entity: string, connection: RelayedConnection): void {
    const connections = this.#byEntity.get(entity)
    connections?.delete(connection)
    if (connections?.size === 0) this.#byEntity.delete(entity)
  }

  /** Ends those of one entity, or all, with a CLOSE of the relay's own where framing allows one. */
  close(code: number, reason: string, entity?: string): void {
    const sets = entity === undefined ? [...this.#byEntity.values()] : [this.#byEntity.get(entity) ?? []]
    for (const connection of sets.flatMap((set) => [...set])) connection.close(code, reason)
  }

  get size(): number {
    let sum = 0
    for (const connections of this.#byEntity.values()) sum += connections.size
    return sum
  }
}
