import type { Secret } from '@postern/program'
import type { AuthorizationRule } from '../domain/authorization-rule.ts'
import { type DocumentKind, type DocumentValues, documentKeyOf, keyOfPath } from './document-kinds.ts'

/**
 * Who owns a document. `declared`: the resources file, which alone may change or delete it. `managed`: whoever has the
 * right to, through the management API; the default.
 */
export type DocumentOrigin = 'declared' | 'managed'

/** One thing with all that belongs to it (a namespace with its rules, an app with its slots): the atomic unit of every store. */
export type ResourceDocument = DocumentOf<DocumentKind>

/** The documents of some kinds. */
export type DocumentOf<Kinds extends DocumentKind> = {
  readonly [Kind in Kinds]: {
    readonly kind: Kind
    readonly value: DocumentValues[Kind]
    readonly origin?: DocumentOrigin
  }
}[Kinds]

/** A document as it stands in the store; `revision` changes with every write and serves as ETag. */
export interface StoredDocument<Kinds extends DocumentKind = DocumentKind> {
  readonly key: string
  readonly revision: string
  readonly document: DocumentOf<Kinds>
}

export type ResourceChange =
  | { readonly kind: 'put'; readonly key: string; readonly stored: StoredDocument; readonly previous?: StoredDocument }
  | { readonly kind: 'delete'; readonly key: string; readonly previous: StoredDocument }

/** What a write demands of the document that stands there: nothing, its absence, or its revision. */
export type WriteCondition = 'any' | 'absent' | { readonly revision: string }

/**
 * Where everything lives that outlives the process. Every engine passes resource-store.contract.ts.
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
  /**
   * A key of this relay for another purpose, as text: the same after a restart, and another one after a change of the master key.
   * Absent where nothing outlives the process.
   */
  deriveKey?(purpose: string): Secret
  /** Waits for the writes under way. Every later call is refused; closing twice is allowed. */
  close(): Promise<void>
}

/** Lower case: `ns/{name}`, `hc/{namespace}/{name}`, and so on for every kind of document-kinds.ts. */
export function documentKey(document: ResourceDocument): string {
  return documentKeyOf(document.kind, document.value)
}

/** The authorization rules of a document; none for kinds that have none. */
export function rulesOf({ value }: ResourceDocument): readonly AuthorizationRule[] {
  return 'rules' in value ? value.rules : []
}

export function namespaceKey(name: string): string {
  return keyOfPath('namespace', [name])
}

export function hybridConnectionKey(namespace: string, name: string): string {
  return keyOfPath('hybridConnection', [namespace, name])
}

/** The starts of the keys of everything under a namespace. */
export function keyPrefixesUnder(namespace: string): readonly string[] {
  return [hybridConnectionKey(namespace, ''), keyOfPath('ingress', [namespace, ''])]
}
