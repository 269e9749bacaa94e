import type { EntityKey } from '../domain/hybrid-connection.ts'
import { ChannelList } from './channel-list.ts'
import type { ControlChannel } from './control-channel.ts'
import { chooseListener, eligibleListeners, type ListenerFilter, reachingListeners } from './listener-choice.ts'

/** Why no listener could be chosen. */
export type NoListener = 'none-connected' | 'none-matches'

/** The control channels that are open on this node, by hybrid connection. */
export class ListenerRegistry {
  readonly #channels = new Map<EntityKey, ChannelList>()
  /** The same by listener id in lower case: thousands that come back at once must not look at each other. */
  readonly #byId = new Map<EntityKey, Map<string, ChannelList>>()

  add(channel: ControlChannel): void {
    append(this.#channels, channel.entity, channel)
    let ids = this.#byId.get(channel.entity)
    if (ids === undefined) this.#byId.set(channel.entity, (ids = new Map()))
    append(ids, channel.id.toLowerCase(), channel)
  }

  /** A listener with this id has come: earlier channels of it have to show that they live. */
  doubtEarlier(entity: EntityKey, id: string): void {
    for (const channel of this.#byId.get(entity)?.get(id.toLowerCase())?.all ?? []) channel.doubt()
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
    const channels = this.#channels.get(entity)?.all ?? []
    const drawn = drawListener(channels, filter, except)
    if (drawn !== undefined) return drawn
    const ready = channels.filter((channel) => channel.isReady && !except.has(channel))
    if (ready.length === 0) return 'none-connected'
    return chooseListener(reachingListeners(eligibleListeners(ready, filter))) ?? 'none-matches'
  }

  /** The channels of one entity, or of all. */
  channels(entity?: EntityKey): readonly ControlChannel[] {
    return entity === undefined
      ? Array.from(this.#channels.values(), ({ all }) => all).flat()
      : [...(this.#channels.get(entity)?.all ?? [])]
  }

  count(entity: EntityKey): number {
    return this.#channels.get(entity)?.size ?? 0
  }

  countBilled(entity: EntityKey): number {
    const standing = (this.#channels.get(entity)?.all ?? []).filter((channel) => !channel.isEnding)
    return new Set(standing.map(({ id }) => id.toLowerCase())).size
  }

  isTargetDown(entity: EntityKey): boolean {
    const channels = this.#channels.get(entity)?.all ?? []
    return channels.length > 0 && channels.every(({ target }) => target === 'down')
  }
}

/** Draws that are tried before all are looked at: where most are ready, one of these is. */
const maxDraws = 4

/**
 * Draws among all of them instead of among those that will do, which has the same odds: whoever will not do is drawn again. That
 * costs the same with one listener and with thousands.
 */
function drawListener(
  channels: readonly ControlChannel[],
  filter: ListenerFilter,
  except: ReadonlySet<ControlChannel>,
): ControlChannel | undefined {
  if (filter.allowed !== undefined || filter.disallowed !== undefined) return undefined
  for (let draw = 0; draw < maxDraws; draw += 1) {
    const drawn = chooseListener(channels)
    if (drawn?.isReady === true && drawn.target !== 'down' && !except.has(drawn)) return drawn
  }
  return undefined
}

function append<Key>(lists: Map<Key, ChannelList>, key: Key, channel: ControlChannel): void {
  let list = lists.get(key)
  if (list === undefined) lists.set(key, (list = new ChannelList()))
  list.add(channel)
}

function withdraw<Key>(lists: Map<Key, ChannelList>, key: Key, channel: ControlChannel): void {
  const list = lists.get(key)
  list?.delete(channel)
  if (list?.size === 0) lists.delete(key)
}
