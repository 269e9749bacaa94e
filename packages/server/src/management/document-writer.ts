import type { DocumentCopy } from '../storage/document-copy.ts'
import type { ResourceStore } from '../storage/resource-store.ts'

/** What writing documents takes. */
export interface DocumentWriter {
  readonly store: ResourceStore
  readonly documents: DocumentCopy
}
