import { RelayError } from '@postern/protocol'
import { ChangeFeed } from '../change-feed.ts'
import { conditionHolds } from '../condition-holds.ts'
import { preconditionFailed } from '../precondition-failed.ts'
import {
  documentKey,
  keyPrefixesUnder,
  type ResourceChange,
  type ResourceDocument,
  type ResourceStore,
  type StoredDocument,
  type WriteCondition,
} from '../resource-store.ts'

/** What memory stores share: give the same one to several stores and they hold the same documents. */
export class MemoryData {
  readonly documents: Map<string, StoredDocument> = new Map()
  readonly feeds: Set<ChangeFeed> = new Set()
  revision = 0
}

/** Keeps documents for as long as the process lives: for tests and `--in-memory`. */
export class MemoryStore implements ResourceStore {
  readonly #data: MemoryData
  readonly #feed = new ChangeFeed()
  #isClosed = false

  constructor(data: MemoryData = new MemoryData()) {
    this.#data = data
    data.feeds.add(this.#feed)
  }

  async list(): Promise<readonly StoredDocument[]> {
    this.#assertOpen()
    return [...this.#data.documents.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1))
  }

  async get(key: string): Promise<StoredDocument | undefined> {
    this.#assertOpen()
    return this.#data.documents.get(key)
  }

  async put(document: ResourceDocument, condition: WriteCondition = 'any'): Promise<StoredDocument> {
    this.#assertOpen()
    const key = documentKey(document)
    const previous = this.#demand(key, condition)
    this.#data.revision += 1
    const stored: StoredDocument = {
      key,
      revision: String(this.#data.revision),
      document: { origin: 'managed', ...document },
    }
    this.#data.documents.set(key, stored)
    this.#emit({ kind: 'put', key, stored, ...(previous && { previous }) })
    return stored
  }

  async delete(key: string, condition: WriteCondition = 'any'): Promise<boolean> {
    this.#assertOpen()
    const previous = this.#demand(key, condition)
    if (!previous) return false
    const doomed = [...this.#under(previous), previous]
    for (const { key } of doomed) this.#data.documents.delete(key)
    for (const previous of doomed) this.#emit({ kind: 'delete', key: previous.key, previous })
    return true
  }

  onChange(callback: (change: ResourceChange) => void): () => void {
    return this.#feed.subscribe(callback)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#data.feeds.delete(this.#feed)
    this.#feed.clear()
  }

  #demand(key: string, condition: WriteCondition): StoredDocument | undefined {
    const standing = this.#data.documents.get(key)
    if (!conditionHolds(condition, standing?.revision)) throw preconditionFailed(key, condition)
    return standing
  }

  #under(parent: StoredDocument): StoredDocument[] {
    if (parent.document.kind !== 'namespace') return []
    const prefixes = keyPrefixesUnder(parent.document.value.name)
    return [...this.#data.documents.values()]
      .filter(({ key }) => prefixes.some((prefix) => key.startsWith(prefix)))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
  }

  #emit(change: ResourceChange): void {
    for (const feed of this.#data.feeds) feed.emit(change)
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new RelayError('InternalError', { message: 'The memory store is closed.' })
  }
}
