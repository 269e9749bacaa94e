import { entityKey } from '../../domain/hybrid-connection.ts'
import type { DocumentCopy } from '../../storage/document-copy.ts'
import type { ResourceChange, ResourceDocument } from '../../storage/resource-store.ts'

/** What the answer to one Hybrid Connection Manager depends on. */
export interface SelfWatch {
  readonly hcmId: string
  readonly principalId: string
  /** `namespace/name` in lower case. */
  readonly entities: ReadonlySet<string>
  /** Lower case. */
  readonly namespaces: ReadonlySet<string>
  /** Asked only after a change that may be about this one: making the answer costs more than looking at a change. */
  readonly hasChanged: () => boolean
}

/** Resolves when the answer has changed, when the time is over, or when the client goes away. */
export function waitForChange(
  documents: DocumentCopy,
  watch: SelfWatch,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      unsubscribe()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, waitMs).unref()
    const unsubscribe = documents.onChange((change) => {
      if (concerns(change, watch) && watch.hasChanged()) end()
    })
    signal.addEventListener('abort', end, { once: true })
    if (signal.aborted) end()
  })
}

function concerns(change: ResourceChange, watch: SelfWatch): boolean {
  const after = change.kind === 'put' ? change.stored.document : undefined
  return [change.previous?.document, after].some((document) => document !== undefined && isAbout(document, watch))
}

function isAbout(document: ResourceDocument, { hcmId, principalId, entities, namespaces }: SelfWatch): boolean {
  switch (document.kind) {
    case 'hybridConnection':
      return entities.has(entityKey(document.value.namespace, document.value.name))
    case 'namespace':
      return namespaces.has(document.value.name.toLowerCase())
    case 'roleAssignment':
      return document.value.principalId.toLowerCase() === principalId.toLowerCase()
    case 'hcm':
      return document.value.id === hcmId
    default:
      return false
  }
}
