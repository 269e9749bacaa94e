import type { HybridConnection } from '../domain/hybrid-connection.ts'
import type { Namespace } from '../domain/namespace.ts'

/** A namespace or a hybrid connection with its rules: the atomic unit of every store. */
export type ResourceDocument =
  | { readonly kind: 'namespace'; readonly value: Namespace }
  | { readonly kind: 'hybridConnection'; readonly value: HybridConnection }

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
 * A write is durable when its promise resolves, and seen by `onChange` of every open store on the same engine data.
 */
export interface ResourceStore {
  /** All documents, in key order. */
  list(): Promise<readonly StoredDocument[]>
  get(key: string): Promise<StoredDocument | undefined>
  /** @throws {RelayError} PreconditionFailed when the condition does not hold. */
  put(document: ResourceDocument, condition?: WriteCondition): Promise<StoredDocument>
  /** Deletes one document and, for a namespace, everything under it. False when there was none. */
  delete(key: string, condition?: WriteCondition): Promise<boolean>
  /** Calls back after each durable change, in commit order, until the returned function is called. */
  onChange(callback: (change: ResourceChange) => void): () => void
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
