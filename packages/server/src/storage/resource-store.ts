import type { HybridConnection } from '../domain/hybrid-connection.ts'
import type { Namespace } from '../domain/namespace.ts'

/**
 * Who owns a document. `declared`: the resources file, which alone may change or delete it. `managed`: whoever has the
 * right to, through the management API; the default.
 */
export type DocumentOrigin = 'declared' | 'managed'

/** A namespace or a hybrid connection with its rules: the atomic unit of every store. */
export type ResourceDocument =
  | { readonly kind: 'namespace'; readonly value: Namespace; readonly origin?: DocumentOrigin }
  | { readonly kind: 'hybridConnection'; readonly value: HybridConnection; readonly origin?: DocumentOrigin }

/** A document as it stands in the store; `revision` changes with every write and serves as ETag. */
export interface StoredDocument {
  readonly key: string
  readonly revision: string
  readonly document: ResourceDocument
}

export type ResourceChange =
  | { readonly kind: 'put'; readonly key: string; readonly stored: StoredDocument; readonly previous?: StoredDocument }
  | { readonly kind: 'delete'; readonly key: string; readonly previous: StoredDocument }

/** What a write demands of the document that stands there: nothing, its absence, or its revision. */
export type WriteCondition = 'any' | 'absent' | { readonly revision: string }

/**
 * Where namespaces and hybrid connections live. Every engine passes resource-store.contract.ts.
 *
 * A write is durable when its promise resolves, and seen by `onChange` of every open store on the same engine data;
 * the writing store's own callbacks have been called by then. A hybrid connection may be written before its namespace.
 */
export interface ResourceStore {
  /** All documents, in key order. */
  list(): Promise<readonly StoredDocument[]>
  get(key: string): Promise<StoredDocument | undefined>
  /** @throws {RelayError} PreconditionFailed when the condition does not hold. */
  put(document: ResourceDocument, condition?: WriteCondition): Promise<StoredDocument>
  /**
   * Deletes one document and, for a namespace, everything under it, at once. False when there was none.
   * @throws {RelayError} PreconditionFailed when the condition does not hold, also when a revision is demanded of nothing.
   */
  delete(key: string, condition?: WriteCondition): Promise<boolean>
  /**
   * Calls back after each durable change, in commit order, until the returned function is called or the store closed.
   * What a deleted namespace takes along is reported before the namespace.
   */
  onChange(callback: (change: ResourceChange) => void): () => void
  /** Waits for the writes under way. Every later call is refused; closing twice is allowed. */
  close(): Promise<void>
}

/** `ns/{name}` or `hc/{namespace}/{name}`, lower case. */
export function documentKey(document: ResourceDocument): string {
  return document.kind === 'namespace'
    ? namespaceKey(document.value.name)
    : hybridConnectionKey(document.value.namespace, document.value.name)
}

export function namespaceKey(name: string): string {
  return `ns/${name}`.toLowerCase()
}

export function hybridConnectionKey(namespace: string, name: string): string {
  return `hc/${namespace}/${name}`.toLowerCase()
}

/** The start of the keys of everything under a namespace. */
export function hybridConnectionKeyPrefix(namespace: string): string {
  return hybridConnectionKey(namespace, '')
}
