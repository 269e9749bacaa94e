import { randomUUID } from 'node:crypto'
import type { Logger } from '@postern/program'
import { type EntityKey, entityKey, type HybridConnection } from '../domain/hybrid-connection.ts'
import type { RelayLimits } from '../domain/relay-limits.ts'
import type { ListenerRegistry } from '../listeners/listener-registry.ts'
import type { Counters } from '../telemetry/counters.ts'
import { EntityMessages } from './entity-messages.ts'
import type { EventStream } from './event-stream.ts'
import type { MessagePeer } from './message-peer.ts'
import type { StreamingSender } from './streaming-sender.ts'

export interface MessageHubOptions {
  readonly listeners: ListenerRegistry
  readonly counters: Counters
  readonly limits: Pick<RelayLimits, 'messageQueueBytes' | 'maxMessagesPerSecond'>
  readonly log: Logger
}

/** Keeps proxies from closing a stream of events on which nothing happens. */
const heartbeatMs = 15_000

/** All messages of this node: by hybrid connection, who sends and who receives. */
export class MessageHub {
  /**
   * Stands in the address of every message to a listener. Nobody waits there: who comes is told at once that there is nothing
   * to do. Random, so that only listeners know it.
   */
  readonly rendezvousId: string = `${randomUUID()}_G0`
  readonly #options: MessageHubOptions
  readonly #entities = new Map<EntityKey, EntityMessages>()
  readonly #senders = new Map<EntityKey, Set<StreamingSender>>()
  readonly #streams = new Set<EventStream>()
  #heartbeat: NodeJS.Timeout | undefined

  constructor(options: MessageHubOptions) {
    this.#options = options
  }

  /** Messages of a hybrid connection, made at first use. */
  entity({ namespace, name }: Pick<HybridConnection, 'namespace' | 'name'>): EntityMessages {
    const key = entityKey(namespace, name)
    const known = this.#entities.get(key)
    if (known !== undefined) return known
    const { listeners, counters, limits, log } = this.#options
    const made = new EntityMessages({
      entity: key,
      name,
      rendezvousId: this.rendezvousId,
      listeners,
      counters: counters.entity(namespace, name),
      queueBytes: limits.messageQueueBytes,
      maxMessagesPerSecond: limits.maxMessagesPerSecond,
      onFault: (error) => log.error('message.receiver-failed', { entity: key, error }),
    })
    this.#entities.set(key, made)
    return made
  }

  subscriberCount(entity: EntityKey): number {
    return this.#entities.get(entity)?.subscriberCount ?? 0
  }

  /** Writes what this turn has brought: before a listener comes or goes. */
  flush(entity: EntityKey): void {
    this.#entities.get(entity)?.flush()
  }

  addSender(entity: EntityKey, sender: StreamingSender): void {
    const senders = this.#senders.get(entity)
    if (senders === undefined) this.#senders.set(entity, new Set([sender]))
    else senders.add(sender)
  }

  removeSender(entity: EntityKey, sender: StreamingSender): void {
    const senders = this.#senders.get(entity)
    senders?.delete(sender)
    if (senders?.size === 0) this.#senders.delete(entity)
  }

  /** Keeps a stream alive until `removeStream`. */
  addStream(stream: EventStream): void {
    this.#streams.add(stream)
    this.#heartbeat ??= setInterval(() => this.#beat(), heartbeatMs)
  }

  removeStream(stream: EventStream): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    clearInterval(this.#heartbeat)
    this.#heartbeat = undefined
  }

  /** Streaming senders and subscribers of one entity, or of all. */
  peers(entity?: EntityKey): readonly MessagePeer[] {
    if (entity === undefined) {
      const subscribers = Array.from(this.#entities.values(), ({ subscribers }) => subscribers).flat()
      return [...subscribers, ...Array.from(this.#senders.values(), (senders) => [...senders]).flat()]
    }
    return [...(this.#entities.get(entity)?.subscribers ?? []), ...(this.#senders.get(entity) ?? [])]
  }

  /** The hybrid connection is no more; its peers have been closed. */
  forget(entity: EntityKey): void {
    this.flush(entity)
    this.#entities.delete(entity)
  }

  close(): void {
    clearInterval(this.#heartbeat)
  }

  #beat(): void {
    for (const stream of this.#streams) stream.beat()
  }
}
