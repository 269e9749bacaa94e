import { CreditBudget, SenderCarriers } from '@postern/carrier'
import { type EntityKey, entityKey, type HybridConnection } from '../domain/hybrid-connection.ts'
import type { ListenerConnection } from './listener-connection.ts'
import { OfferDialer, type OfferDialerParts } from './offer-dialer.ts'

export interface EntityWaysOptions {
  readonly parts: OfferDialerParts
  /** As it is now; undefined when there is none. */
  readonly findEntity: (namespace: string, name: string) => HybridConnection | undefined
}

/** A share of the way to one hybrid connection. */
export interface EntityWay {
  readonly sender: OfferDialer
  readonly carriers: SenderCarriers
  /** Gives the share back, once; with the last one the carriers are cut. */
  release(): void
}

interface StandingWay {
  readonly sender: OfferDialer
  readonly carriers: SenderCarriers
  shares: number
}

/** The ways of the relay itself to its listeners: all entries that lead to one hybrid connection share its carriers. */
export class EntityWays {
  readonly #options: EntityWaysOptions
  readonly #budget = new CreditBudget()
  readonly #ways = new Map<EntityKey, StandingWay>()
  readonly #connections = new Map<EntityKey, Set<ListenerConnection>>()

  constructor(options: EntityWaysOptions) {
    this.#options = options
  }

  to(namespace: string, name: string): EntityWay {
    const key = entityKey(namespace, name)
    const way = this.#ways.get(key) ?? this.#open(key, namespace, name)
    way.shares += 1
    const { sender, carriers } = way
    let isReleased = false
    return {
      sender,
      carriers,
      release: () => {
        if (isReleased) return
        isReleased = true
        way.shares -= 1
        if (way.shares > 0) return
        this.#ways.delete(key)
        carriers[Symbol.dispose]()
      },
    }
  }

  /** The hybrid connection was deleted: connections with its listeners end. */
  endConnections(namespace: string, name: string): void {
    for (const connection of this.#connections.get(entityKey(namespace, name)) ?? []) {
      connection.fail(1001, 'The hybrid connection was deleted.')
    }
  }

  #open(key: EntityKey, namespace: string, name: string): StandingWay {
    const { parts, findEntity } = this.#options
    const sender = new OfferDialer({
      parts,
      name,
      findEntity: () => findEntity(namespace, name),
      onConnected: (connection) => this.#track(key, connection),
    })
    const way = { sender, carriers: new SenderCarriers({ sender, budget: this.#budget }), shares: 0 }
    this.#ways.set(key, way)
    return way
  }

  #track(key: EntityKey, connection: ListenerConnection): void {
    const all = this.#connections.get(key) ?? new Set()
    this.#connections.set(key, all.add(connection))
    connection.onceGone(() => {
      all.delete(connection)
      if (all.size === 0 && this.#connections.get(key) === all) this.#connections.delete(key)
    })
  }
}
