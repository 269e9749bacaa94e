import type { EntityUsage, NamespaceUsage } from '../../domain/namespace-usage.ts'
import type { DocumentCopy } from '../../storage/document-copy.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import type { DocumentWriter } from '../document-writer.ts'
import { writeDocument } from '../write-document.ts'
import { addUsage, goneName, noUsage } from './usage-sum.ts'

export interface UsageToAdd {
  readonly namespace: string
  readonly month: string
  readonly entities: ReadonlyMap<string, EntityUsage>
  readonly now: Date
}

/**
 * Adds to what a namespace used in a month. The document stays as large as the namespace: what is gone has one place
 * together.
 */
export async function writeUsage(writer: DocumentWriter, add: UsageToAdd): Promise<void> {
  const { namespace, month, now } = add
  // What was used last of a namespace that is gone is nobody's.
  const owner = writer.documents.get('namespace', namespace)?.document.value
  if (!owner) return
  await writeDocument(
    writer,
    { ifMatch: undefined, ifNoneMatch: undefined },
    {
      kind: 'namespaceUsage',
      path: [namespace, month],
      make: (stored) => {
        const standing = ownUsage(writer.documents, stored)
        return {
          namespace,
          month,
          entities: merge(writer.documents, namespace, [
            ...Object.entries(standing?.entities ?? {}),
            ...add.entities.entries(),
          ]),
          // A clock may go back; what is older than the namespace would be another one's.
          createdAt: standing?.createdAt ?? new Date(Math.max(now.getTime(), owner.createdAt.getTime())),
          updatedAt: now,
        }
      },
    },
  )
}

/** Usage of this namespace; one of the same name that was deleted before is none of its owner's business. */
export function ownUsage(
  documents: DocumentCopy,
  stored: StoredDocument<'namespaceUsage'> | undefined,
): NamespaceUsage | undefined {
  const usage = stored?.document.value
  const namespace = usage && documents.get('namespace', usage.namespace)?.document.value
  return namespace && usage.createdAt >= namespace.createdAt ? usage : undefined
}

function merge(
  documents: DocumentCopy,
  namespace: string,
  parts: readonly (readonly [string, EntityUsage])[],
): Record<string, EntityUsage> {
  const sums = new Map<string, EntityUsage>()
  for (const [name, usage] of parts) {
    const place = documents.get('hybridConnection', namespace, name) ? name : goneName
    sums.set(place, addUsage(sums.get(place) ?? noUsage, usage))
  }
  return Object.fromEntries(sums)
}
