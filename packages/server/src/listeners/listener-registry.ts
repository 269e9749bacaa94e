import type { EntityKey } from '../domain/hybrid-connection.ts'
import type { ControlChannel } from './control-channel.ts'
import { chooseListener, eligibleListeners, type ListenerFilter, reachingListeners } from './listener-choice.ts'

/** Why no listener could be chosen. */
export type NoListener = 'none-connected' | 'none-matches'

/** The control channels that are open on this node, by hybrid connection. */
export class ListenerRegistry {
  readonly #channels = new Map<EntityKey, ControlChannel[]>()

  add(channel: ControlChannel): void {
    const channels = this.#channels.get(channel.entity)
    if (channels === undefined) this.#channels.set(channel.entity, [channel])
    else channels.push(channel)
  }

  /** A listener with this id has come: earlier channels of it have to show that they live. */
  doubtEarlier(entity: EntityKey, id: string): void {
    for (const channel of this.#channels.get(entity) ?? []) {
      if (channel.id.toLowerCase() === id.toLowerCase()) channel.doubt()
    }
  }

  remove(channel: ControlChannel): void {
    const channels = this.#channels.get(channel.entity)
    const index = channels?.indexOf(channel) ?? -1
    if (channels === undefined || index < 0) return
    channels.splice(index, 1)
    if (channels.length === 0) this.#channels.delete(channel.entity)
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
