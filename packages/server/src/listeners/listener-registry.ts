import type { EntityKey } from '../domain/hybrid-connection.ts'
import type { ControlChannel } from './control-channel.ts'
import { chooseListener, eligibleListeners, type ListenerFilter, reachingListeners } from './listener-choice.ts'

/** Why no listener could be chosen. */
export type NoListener = 'none-connected' | 'none-matches'

/** The control channels that are open on this node, by hybrid connection. */
export class ListenerRegistry {
  readonly #channels = new Map<EntityKey, ControlChannel[]>()
  /** The same by listener id in lower case: thousands that come back at once must not look at each other. */
  readonly #byId = new Map<EntityKey, Map<string, ControlChannel[]>>()

  add(channel: ControlChannel): void {
    append(this.#channels, channel.entity, channel)
    let ids = this.#byId.get(channel.entity)
    if (ids === undefined) this.#byId.set(channel.entity, (ids = new Map()))
    append(ids, channel.id.toLowerCase(), channel)
  }

  /** A listener with this id has come: earlier channels of it have to show that they live. */
  doubtEarlier(entity: EntityKey, id: string): void {
    for (const channel of this.#byId.get(entity)?.get(id.toLowerCase()) ?? []) channel.doubt()
  }

  remove(channel: ControlChannel): void {
    const { entity } = channel
    withdraw(this.#channels, entity, channel)
    const ids = this.#byId.get(entity)
    if (ids === undefined) return
    withdraw(ids, channel.id.toLowerCase(), channel)
    if (ids.size === 0) this.#byId.delete(entity)
  }

  /** Chooses one that takes messages now and is not in `except`: those that failed this sender already. */
  choose(
    entity: EntityKey,
    filter: ListenerFilter,
    except: ReadonlySet<ControlChannel> = new Set(),
  ): ControlChannel | NoListener {
    const ready = (this.#channels.get(entity) ?? []).filter((channel) => channel.isReady && !except.has(channel))
    if (ready.length === 0) return 'none-connected'
    return chooseListener(reachingListeners(eligibleListeners(ready, filter))) ?? 'none-matches'
  }

  /** The channels of one entity, or of all. */
  channels(entity?: EntityKey): readonly ControlChannel[] {
    return entity === undefined ? [...this.#channels.values()].flat() : [...(this.#channels.get(entity) ?? [])]
  }

  count(entity: EntityKey): number {
    return this.#channels.get(entity)?.length ?? 0
  }

  countBilled(entity: EntityKey): number {
    const standing = (this.#channels.get(entity) ?? []).filter((channel) => !channel.isEnding)
    return new Set(standing.map(({ id }) => id.toLowerCase())).size
  }

  isTargetDown(entity: EntityKey): boolean {
    const channels = this.#channels.get(entity) ?? []
    return channels.length > 0 && channels.every(({ target }) => target === 'down')
  }
}

function append<Key>(lists: Map<Key, ControlChannel[]>, key: Key, channel: ControlChannel): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [channel])
  else list.push(channel)
}

function withdraw<Key>(lists: Map<Key, ControlChannel[]>, key: Key, channel: ControlChannel): void {
  const list = lists.get(key)
  const index = list?.indexOf(channel) ?? -1
  if (list === undefined || index < 0) return
  list.splice(index, 1)
  if (list.length === 0) lists.delete(key)
}
