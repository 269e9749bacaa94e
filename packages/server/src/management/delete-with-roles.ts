import { assignmentsUnder, scopeOfDocument } from '../storage/document-scope.ts'
import type { StoredDocument, WriteCondition } from '../storage/resource-store.ts'
import type { DocumentWriter } from './document-writer.ts'

/**
 * Deletes a document and the role assignments at its id and below: whoever takes the name later must not find the roles of
 * others there. All in one turn, of which SQLite makes one transaction. False when there was none.
 * @throws {RelayError} PreconditionFailed
 */
export async function deleteWithRoles(
  writer: DocumentWriter,
  stored: StoredDocument,
  condition: WriteCondition = 'any',
): Promise<boolean> {
  const scope = scopeOfDocument(stored.document, (name) => writer.documents.get('namespace', name)?.document.value)
  if (scope === undefined) return writer.store.delete(stored.key, condition)
  const [isDeleted] = await Promise.all([writer.store.delete(stored.key, condition), deleteRolesUnder(writer, scope)])
  // Those that were on their way to the store.
  await deleteRolesUnder(writer, scope)
  return isDeleted
}

/** Deletes the role assignments at an id and below. */
export async function deleteRolesUnder({ store, documents }: DocumentWriter, scope: string): Promise<void> {
  const doomed = assignmentsUnder([scope], documents.list('roleAssignment'))
  await Promise.all(doomed.map(({ key }) => store.delete(key)))
}
