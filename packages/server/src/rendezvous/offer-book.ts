import { randomUUID } from 'node:crypto'
import type { EntityKey } from '../domain/hybrid-connection.ts'

/** A rendezvous of a WebSocket sender (`accept`) or of an HTTP request. */
export type OfferKind = 'accept' | 'request'

/** Who waits for the listener's rendezvous. Each offer ends with exactly one of claim, `cancel` or a call of these. */
export interface OfferHolder {
  onExpired(): void
  /** The hybrid connection was deleted, or does not allow this any more. */
  onWithdrawn(code: 'EndpointNotFound' | 'ActionDisabled'): void
}

/** One rendezvous waiting for its listener. */
export interface Offer<Holder extends OfferHolder = OfferHolder> {
  /** `<guid>_G0`: unguessable (122 random bits), and a GUID first because the Java client wants one. */
  readonly id: string
  readonly kind: OfferKind
  readonly entity: EntityKey
  readonly holder: Holder
}

/** All offers of this node. An offer is found once: claiming it takes it out. */
export class OfferBook<Holders extends { readonly [Kind in OfferKind]: OfferHolder }> {
  readonly #offers = new Map<string, { offer: Offer<Holders[OfferKind]>; timer: NodeJS.Timeout | undefined }>()
  readonly #pending = new Map<EntityKey, number>()
  readonly #maxPendingPerEntity: number

  constructor(options: { readonly maxPendingPerEntity: number }) {
    this.#maxPendingPerEntity = options.maxPendingPerEntity
  }

  /**
   * Opens an offer, or returns undefined when the entity has too many already.
   * Without `lifetimeMs` it lives until it is claimed or cancelled: a request's address lives as long as the request.
   */
  open<Kind extends OfferKind>(
    kind: Kind,
    options: { readonly entity: EntityKey; readonly holder: Holders[Kind]; readonly lifetimeMs?: number },
  ): Offer<Holders[Kind]> | undefined {
    const pending = this.#pending.get(options.entity) ?? 0
    if (pending >= this.#maxPendingPerEntity) return undefined
    const offer = { id: `${randomUUID()}_G0`, kind, entity: options.entity, holder: options.holder }
    const timer =
      options.lifetimeMs === undefined
        ? undefined
        : setTimeout(() => {
            if (this.#take(offer.id)) offer.holder.onExpired()
          }, options.lifetimeMs)
    this.#offers.set(offer.id, { offer, timer })
    this.#pending.set(options.entity, pending + 1)
    return offer
  }

  /**
   * Takes the offer out when id and kind fit and `path` is its entity's or one below; a second claim of the same address
   * finds nothing. The host of the address says nothing: anybody can send any, and that of `advertise` names no namespace.
   */
  claim<Kind extends OfferKind>(kind: Kind, id: string, path: string): Offer<Holders[Kind]> | undefined {
    const found = this.#offers.get(id)?.offer
    if (found === undefined || found.kind !== kind || !isAtEntity(path, found.entity)) return undefined
    this.#take(id)
    return found
  }

  /** The hybrid connection that an address belongs to, while it waits. */
  entityOf(id: string): EntityKey | undefined {
    return this.#offers.get(id)?.offer.entity
  }

  /** Withdraws an offer; nothing happens when it is already gone. */
  cancel(offer: Offer): void {
    this.#take(offer.id)
  }

  /**
   * Ends every offer of a hybrid connection that is no more (one that is made anew is another one), or those of one kind,
   * which it does not allow any more.
   */
  withdraw(entity: EntityKey, only?: OfferKind): void {
    const code = only === undefined ? 'EndpointNotFound' : 'ActionDisabled'
    for (const { offer } of this.#offers.values()) {
      const isMeant = offer.entity === entity && (only === undefined || offer.kind === only)
      if (isMeant && this.#take(offer.id)) offer.holder.onWithdrawn(code)
    }
  }

  /** Offers that wait now, over all entities. */
  get size(): number {
    return this.#offers.size
  }

  /** Withdraws every offer without telling its holder: for the end of the process. */
  close(): void {
    for (const { timer } of this.#offers.values()) clearTimeout(timer)
    this.#offers.clear()
    this.#pending.clear()
  }

  #take(id: string): boolean {
    const entry = this.#offers.get(id)
    if (entry === undefined) return false
    clearTimeout(entry.timer)
    this.#offers.delete(id)
    const left = (this.#pending.get(entry.offer.entity) ?? 1) - 1
    if (left === 0) this.#pending.delete(entry.offer.entity)
    else this.#pending.set(entry.offer.entity, left)
    return true
  }
}

/** `entity` is `namespace/name`; both are compared in lower case. */
function isAtEntity(path: string, entity: EntityKey): boolean {
  return `${path.toLowerCase()}/`.startsWith(`${entity.slice(entity.indexOf('/') + 1)}/`)
}
