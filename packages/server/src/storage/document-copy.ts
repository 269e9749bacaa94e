import { ChangeFeed } from './change-feed.ts'
import { type DocumentKind, keyOfPath } from './document-kinds.ts'
import { KeyedQueue } from './keyed-queue.ts'
import type { ResourceChange, ResourceDocument, ResourceStore, StoredDocument } from './resource-store.ts'

/** A copy of a whole store in memory, kept current by its changes: look-ups never wait. */
export class DocumentCopy {
  /** Whoever reads a document here to write it anew waits here for those who are at it, by its key. */
  readonly writers: KeyedQueue = new KeyedQueue()
  readonly #kinds = new Map<DocumentKind, Map<string, StoredDocument>>()
  /** Documents of a kind in key order, made at the first look-up. A change puts a new array in the place of the old one. */
  readonly #sorted = new Map<DocumentKind, readonly StoredDocument[]>()
  readonly #feed = new ChangeFeed()
  #unsubscribe: () => void = () => {}

  private constructor() {}

  /** Reads the whole store, then follows it until `close`. The store stays the caller's to close. */
  static async open(store: ResourceStore): Promise<DocumentCopy> {
    const copy = new DocumentCopy()
    // Changes that overtake the list are applied after it, in order: the last word on every key is then the newest.
    let early: ResourceChange[] | undefined = []
    copy.#unsubscribe = store.onChange((change) => {
      if (early) early.push(change)
      else copy.#follow(change)
    })
    try {
      for (const stored of await store.list()) copy.#set(stored)
    } catch (error) {
      copy.close()
      throw error
    }
    const overtaken = early
    early = undefined
    for (const change of overtaken) copy.#follow(change)
    return copy
  }

  /** One document by the parts of its key: `get('plan', subscription, group, name)`; names in any case. */
  get<Kind extends DocumentKind>(kind: Kind, ...path: readonly string[]): StoredDocument<Kind> | undefined {
    return this.#kinds.get(kind)?.get(keyOfPath(kind, path)) as unknown as StoredDocument<Kind> | undefined
  }

  /** All documents of a kind whose key begins with `path`, in key order. */
  list<Kind extends DocumentKind>(kind: Kind, ...path: readonly string[]): readonly StoredDocument<Kind>[] {
    const sorted = this.#sortedOf(kind)
    if (path.length === 0) return sorted as readonly unknown[] as readonly StoredDocument<Kind>[]
    const prefix = keyOfPath(kind, [...path, ''])
    // No name holds U+FFFF: it sorts behind every key that begins with the prefix.
    const [from, to] = [lowerBound(sorted, prefix), lowerBound(sorted, `${prefix}\uffff`)]
    return sorted.slice(from, to) as readonly unknown[] as readonly StoredDocument<Kind>[]
  }

  /** Everything, in key order. */
  all(): readonly StoredDocument[] {
    return [...this.#kinds.keys()].flatMap((kind) => this.#sortedOf(kind)).toSorted(byKey)
  }

  /** Calls back after each change, when look-ups already answer by it, until the returned function is called. */
  onChange(callback: (change: ResourceChange) => void): () => void {
    return this.#feed.subscribe(callback)
  }

  /** Stops following the store; look-ups go on answering by what was known last. */
  close(): void {
    this.#unsubscribe()
    this.#feed.clear()
  }

  #sortedOf(kind: DocumentKind): readonly StoredDocument[] {
    const standing = this.#sorted.get(kind)
    if (standing) return standing
    const sorted = [...(this.#kinds.get(kind)?.values() ?? [])].toSorted(byKey)
    this.#sorted.set(kind, sorted)
    return sorted
  }

  #follow(change: ResourceChange): void {
    if (change.kind === 'put') this.#set(change.stored)
    else this.#remove(change.previous)
    this.#feed.emit(change)
  }

  #set(stored: StoredDocument): void {
    const { kind } = stored.document
    const documents = this.#kinds.get(kind) ?? new Map<string, StoredDocument>()
    this.#resort(kind, stored.key, documents.has(stored.key) ? 1 : 0, [stored])
    this.#kinds.set(kind, documents.set(stored.key, stored))
  }

  #remove({ key, document }: { readonly key: string; readonly document: ResourceDocument }): void {
    if (this.#kinds.get(document.kind)?.delete(key)) this.#resort(document.kind, key, 1, [])
  }

  /** Not sorted anew: with 10,000 documents that takes longer than all the rest of a write. */
  #resort(kind: DocumentKind, key: string, leaving: number, coming: readonly StoredDocument[]): void {
    const sorted = this.#sorted.get(kind)
    if (sorted) this.#sorted.set(kind, sorted.toSpliced(lowerBound(sorted, key), leaving, ...coming))
  }
}

function byKey(a: StoredDocument, b: StoredDocument): number {
  return a.key < b.key ? -1 : 1
}

/** Position of the first document whose key is not before `key`. */
function lowerBound(sorted: readonly StoredDocument[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const at = sorted[middle]
    if (at !== undefined && at.key < key) low = middle + 1
    else high = middle
  }
  return low
}
