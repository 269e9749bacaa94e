import { createRelayBuffers, type RelayBuffers } from './relay-buffers.ts'
import type { RelayedConnection } from './relayed-connection.ts'

/** The relayed connections of this node, by hybrid connection. `Source` is whatever the caller wants to tell them by. */
export class RelayedConnections<Source> {
  /** Shared by all of them. */
  readonly buffers: RelayBuffers = createRelayBuffers()
  readonly #byEntity = new Map<string, Map<RelayedConnection, Source>>()

  add(entity: string, connection: RelayedConnection, source: Source): void {
    const connections = this.#byEntity.get(entity)
    if (connections) connections.set(connection, source)
    else this.#byEntity.set(entity, new Map([[connection, source]]))
  }

  remove(entity: string, connection: RelayedConnection): void {
    const connections = this.#byEntity.get(entity)
    connections?.delete(connection)
    if (connections?.size === 0) this.#byEntity.delete(entity)
  }

  /**
   * Ends those of one entity, or all, with a CLOSE of the relay's own where framing allows one.
   * @param where of those, the ones whose source it holds for; default all
   */
  close(
    code: number,
    reason: string,
    of: { readonly entity?: string; readonly where?: (source: Source) => boolean },
  ): void {
    const { entity, where = () => true } = of
    const maps = entity === undefined ? [...this.#byEntity.values()] : [this.#byEntity.get(entity) ?? new Map()]
    const doomed = maps.flatMap((map) => [...map]).filter(([, source]) => where(source))
    for (const [connection] of doomed) connection.close(code, reason)
  }

  get size(): number {
    let sum = 0
    for (const connections of this.#byEntity.values()) sum += connections.size
    return sum
  }
}
