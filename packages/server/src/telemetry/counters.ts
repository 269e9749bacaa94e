import type { ErrorCode } from '@postern/protocol'
import { type EntityKey, entityKey } from '../domain/hybrid-connection.ts'

/**
 * What is counted for one hybrid connection: plain numbers, so that the hot path adds without a call. Names follow Azure's
 * metrics; metric-table.ts says what each means.
 */
export class EntityCounters {
  readonly namespace: string
  readonly name: string
  listenerConnectionsSuccess = 0
  listenerConnectionsClientError = 0
  listenerConnectionsServerError = 0
  senderConnectionsSuccess = 0
  senderConnectionsClientError = 0
  senderConnectionsServerError = 0
  /** Joined sockets and HTTP requests now. */
  activeConnections = 0
  /** Control channels now. */
  activeListeners = 0
  listenerDisconnects = 0
  senderDisconnects = 0
  /** Payload bytes, both directions together. */
  bytesTransferred = 0
  /** HTTP requests that were let in. */
  httpRequests = 0
  messagesSent = 0
  messagesPublished = 0
  /** Of sent and published messages, each counted once. */
  messageBytes = 0
  /** Receivers that messages were written to. */
  messagesDelivered = 0
  /** Receivers that had no room for a message. */
  messagesDropped = 0
  /** Now. */
  activeSubscribers = 0
  /** WebSockets of senders of messages now. */
  activeStreamingSenders = 0

  constructor(namespace: string, name: string) {
    this.namespace = namespace
    this.name = name
  }
}

/** What is counted for one ingress entry. */
export class IngressCounters {
  readonly namespace: string
  readonly name: string
  /** Devices that are joined with a target now. */
  activeConnections = 0
  connections = 0
  /** Both directions together. */
  bytes = 0
  /** That were let in, upgrades among them. */
  httpRequests = 0
  /** Datagrams of devices that went no further. */
  droppedDatagrams = 0
  /** People who have signed in at the entry's issuer. */
  signIns = 0
  readonly refusals = new Map<ErrorCode, number>()

  constructor(namespace: string, name: string) {
    this.namespace = namespace
    this.name = name
  }

  refused(code: ErrorCode): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
  }
}

/** How often one kind of refusal happened. */
export interface RefusalCount {
  readonly code: ErrorCode
  readonly stage: string
  count: number
}

/** All numbers of one relay. Owned by the composition root; parts add to it, the metrics page reads it. */
export class Counters {
  readonly #entities = new Map<EntityKey, EntityCounters>()
  readonly #ingresses = new Map<string, IngressCounters>()
  readonly #refusals = new Map<string, RefusalCount>()

  /** The counters of a hybrid connection, made at first use. Only for one that exists: each becomes series in /metrics. */
  entity(namespace: string, name: string): EntityCounters {
    const key = entityKey(namespace, name)
    const known = this.#entities.get(key)
    if (known !== undefined) return known
    const made = new EntityCounters(namespace.toLowerCase(), name.toLowerCase())
    this.#entities.set(key, made)
    return made
  }

  /** Drops the series of a deleted hybrid connection. Who still holds the counters may go on adding; nobody reads them. */
  forget(namespace: string, name: string): void {
    this.#entities.delete(entityKey(namespace, name))
  }

  entities(): Iterable<EntityCounters> {
    return this.#entities.values()
  }

  /** The counters of an ingress entry, made at first use. Only for one that exists. */
  ingress(namespace: string, name: string): IngressCounters {
    const key = ingressKey(namespace, name)
    const known = this.#ingresses.get(key)
    if (known !== undefined) return known
    const made = new IngressCounters(namespace.toLowerCase(), name.toLowerCase())
    this.#ingresses.set(key, made)
    return made
  }

  /** Drops the series of all entries but these, as {@link forget} does. */
  keepIngresses(kept: readonly { readonly namespace: string; readonly name: string }[]): void {
    const keys = new Set(kept.map(({ namespace, name }) => ingressKey(namespace, name)))
    for (const key of this.#ingresses.keys()) if (!keys.has(key)) this.#ingresses.delete(key)
  }

  ingresses(): Iterable<IngressCounters> {
    return this.#ingresses.values()
  }

  /**
   * Counts a refusal.
   * @param stage what was being done: `listen`, `connect`, `accept`, `request` ...; one of few words, it becomes a label
   */
  refused(code: ErrorCode, stage: string): void {
    const key = `${code} ${stage}`
    const known = this.#refusals.get(key)
    if (known === undefined) this.#refusals.set(key, { code, stage, count: 1 })
    else known.count++
  }

  refusals(): Iterable<Readonly<RefusalCount>> {
    return this.#refusals.values()
  }
}

function ingressKey(namespace: string, name: string): string {
  return `${namespace}/${name}`.toLowerCase()
}
