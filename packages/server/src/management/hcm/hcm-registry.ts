import { randomUUID } from 'node:crypto'
import { isRelayError, RelayError } from '@postern/protocol'
import type { Hcm, HcmEntityReport } from '../../domain/hcm.ts'
import { entityKey } from '../../domain/hybrid-connection.ts'
import type { DocumentCopy } from '../../storage/document-copy.ts'
import { KeyedQueue } from '../../storage/keyed-queue.ts'
import type { ResourceChange, ResourceStore, StoredDocument } from '../../storage/resource-store.ts'
import { writeDocument } from '../write-document.ts'

/** How often a Hybrid Connection Manager reports. */
export const heartbeatMs = 30_000
/** Two reports may get lost. */
const silenceMs = 90_000
/** While nothing but the time changes, a report is written this seldom. */
const rewriteMs = 300_000
/** How soon silence is noticed. */
const sweepMs = 5000

/** One Hybrid Connection Manager has gone silent, or is heard of again. */
export interface HcmEvent {
  readonly id: string
  readonly event: 'hcm.offline' | 'hcm.online'
  readonly at: Date
  readonly hcm: Pick<Hcm, 'id' | 'name' | 'subscriptionId' | 'version' | 'address' | 'lastSeenAt'>
}

/** What a Hybrid Connection Manager says of itself. */
export interface HcmReport {
  readonly version: string
  /** Where it reports from. */
  readonly address: string
  readonly entities: readonly Omit<HcmEntityReport, 'since'>[]
}

export interface HcmRegistryOptions {
  readonly store: ResourceStore
  readonly documents: DocumentCopy
  readonly now: () => Date
  readonly onEvent: (event: HcmEvent) => void
  /** Called when the store fails while silence is looked for. */
  readonly onError: (error: unknown) => void
}

/**
 * Knows which Hybrid Connection Managers are heard of. Reports come every half minute; the store sees a write only when
 * something changed, and every five minutes.
 */
export class HcmRegistry {
  readonly #options: HcmRegistryOptions
  /** Epoch milliseconds of the last report by the HCM's id. */
  readonly #seenMs = new Map<string, number>()
  readonly #byPrincipal = new Map<string, string>()
  readonly #queue = new KeyedQueue({ maximum: 100 })
  readonly #openedMs: number
  readonly #unsubscribe: () => void
  #timer: NodeJS.Timeout | undefined
  #sweeping: Promise<void> = Promise.resolve()

  constructor(options: HcmRegistryOptions) {
    this.#options = options
    this.#openedMs = options.now().getTime()
    for (const stored of options.documents.list('hcm')) this.#index(stored)
    this.#unsubscribe = options.documents.onChange((change) => this.#follow(change))
  }

  /** Begins to look for silence. */
  start(): void {
    this.#timer ??= setInterval(() => {
      this.#sweeping = this.sweep().catch(this.#options.onError)
    }, sweepMs).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#unsubscribe()
    await this.#sweeping
  }

  /** The HCM whose identity this principal is. */
  findByPrincipal(principalId: string): StoredDocument<'hcm'> | undefined {
    const id = this.#byPrincipal.get(principalId.toLowerCase())
    return id === undefined ? undefined : this.#options.documents.get('hcm', id)
  }

  /** When an HCM was last heard of; undefined for one that never was. */
  lastSeenAt({ id, lastSeenAt }: Hcm): Date | undefined {
    const seenMs = this.#seenMs.get(id.toLowerCase())
    return seenMs === undefined ? lastSeenAt : new Date(seenMs)
  }

  /** Takes a report. @throws {RelayError} ResourceNotFound when the HCM was revoked meanwhile */
  heard(id: string, report: HcmReport): Promise<void> {
    const key = id.toLowerCase()
    return this.#queue.run(key, async () => {
      const now = this.#options.now()
      const standing = this.#options.documents.get('hcm', key)?.document.value
      if (standing === undefined) throw revoked()
      this.#seenMs.set(key, now.getTime())
      const isDue = now.getTime() - (standing.lastSeenAt?.getTime() ?? 0) >= rewriteMs
      if (standing.isOnline === true && !isDue && isSameReport(standing, report)) return
      const after = await this.#write(key, (before) => ({
        ...before,
        version: report.version,
        address: report.address,
        lastSeenAt: now,
        isOnline: true,
        entities: report.entities.map((entity) => ({ ...entity, since: sinceOf(before, entity) ?? now })),
        updatedAt: now,
      }))
      if (standing.isOnline !== true) this.#tell('hcm.online', after)
    })
  }

  /** Finds those that have gone silent, and enrolments that nobody used in time. */
  async sweep(): Promise<void> {
    const { documents, store, now } = this.#options
    for (const { document } of documents.list('hcm')) {
      if (document.value.isOnline === true && this.#isSilent(document.value)) await this.#goneSilent(document.value.id)
    }
    for (const { key, document } of documents.list('hcmEnrolment')) {
      if (document.value.expiresAt <= now()) await store.delete(key)
    }
  }

  #goneSilent(id: string): Promise<void> {
    const key = id.toLowerCase()
    return this.#queue.run(key, async () => {
      const standing = this.#options.documents.get('hcm', key)?.document.value
      if (standing?.isOnline !== true || !this.#isSilent(standing)) return
      const lastSeenAt = this.lastSeenAt(standing)
      try {
        const after = await this.#write(key, (before) => ({
          ...before,
          isOnline: false,
          ...(lastSeenAt && { lastSeenAt }),
          updatedAt: this.#options.now(),
        }))
        this.#tell('hcm.offline', after)
      } catch (error) {
        if (!isRelayError(error, 'ResourceNotFound')) throw error
      }
    })
  }

  /** After a start nobody has been heard of yet; each has as long as always to report. */
  #isSilent({ id }: Hcm): boolean {
    const seenMs = this.#seenMs.get(id.toLowerCase()) ?? this.#openedMs
    return this.#options.now().getTime() - seenMs > silenceMs
  }

  async #write(id: string, make: (before: Hcm) => Hcm): Promise<Hcm> {
    const change = {
      kind: 'hcm',
      path: [id],
      make: (standing: StoredDocument<'hcm'> | undefined) => {
        if (standing === undefined) throw revoked()
        return make(standing.document.value)
      },
    } as const
    const { stored } = await writeDocument(this.#options, { ifMatch: undefined, ifNoneMatch: undefined }, change)
    return stored.document.value
  }

  #tell(event: HcmEvent['event'], { id, name, subscriptionId, version, address, lastSeenAt }: Hcm): void {
    const hcm = {
      id,
      name,
      subscriptionId,
      ...(version !== undefined && { version }),
      ...(address !== undefined && { address }),
      ...(lastSeenAt && { lastSeenAt }),
    }
    this.#options.onEvent({ id: randomUUID(), event, at: this.#options.now(), hcm })
  }

  #follow(change: ResourceChange): void {
    const before = change.previous?.document
    if (change.kind === 'put') {
      if (change.stored.document.kind === 'hcm') this.#index(change.stored as StoredDocument<'hcm'>)
    } else if (before?.kind === 'hcm') {
      this.#byPrincipal.delete(before.value.principalId.toLowerCase())
      this.#seenMs.delete(before.value.id.toLowerCase())
    }
  }

  #index({ document }: StoredDocument<'hcm'>): void {
    this.#byPrincipal.set(document.value.principalId.toLowerCase(), document.value.id)
  }
}

function isSameReport(hcm: Hcm, { version, address, entities }: HcmReport): boolean {
  return (
    hcm.version === version &&
    hcm.address === address &&
    hcm.entities.length === entities.length &&
    entities.every((entity) => sinceOf(hcm, entity) !== undefined)
  )
}

/** Since when an HCM has said the same of a hybrid connection; undefined when it has not. */
function sinceOf({ entities }: Hcm, report: Omit<HcmEntityReport, 'since'>): Date | undefined {
  const key = entityKey(report.namespace, report.name)
  return entities.find(
    (each) =>
      entityKey(each.namespace, each.name) === key &&
      each.target === report.target &&
      each.lastError === report.lastError,
  )?.since
}

function revoked(): RelayError {
  return new RelayError('ResourceNotFound', { message: 'The Hybrid Connection Manager was revoked' })
}
