import { isRelayError, RelayError } from '@postern/protocol'
import { type DocumentKind, keyOfPath } from '../storage/document-kinds.ts'
import type { DocumentOf, ResourceDocument, StoredDocument } from '../storage/resource-store.ts'
import type { ArmCall } from './arm-call.ts'
import { deleteWithRoles } from './delete-with-roles.ts'
import type { DocumentWriter } from './document-writer.ts'
import { writeCondition } from './etag.ts'

/**
 * Attempts of a write that others keep overtaking; each attempt reads what stands there anew. Writers of this process take
 * turns, so the others are few: the resources file, and in a cluster other nodes.
 */
const maxAttempts = 5

/**
 * Writes one document, made from what stands there. A caller with If-Match or If-None-Match gets what he asks for; without
 * them a write that was overtaken is made again, so that concurrent PUTs of the same thing all succeed: in turn, however many.
 *
 * @throws {RelayError} ResourceConflict when the resources file owns the document, PreconditionFailed, and what `make` throws
 */
export function writeDocument<Kind extends DocumentKind>(
  writer: DocumentWriter,
  call: Pick<ArmCall, 'ifMatch' | 'ifNoneMatch'>,
  change: DocumentWrite<Kind>,
): Promise<WrittenDocument<Kind>> {
  const key = keyOfPath(change.kind, change.path)
  return writer.documents.writers.run(key, () => writeInTurn(writer, call, change))
}

interface DocumentWrite<Kind extends DocumentKind> {
  readonly kind: Kind
  readonly path: readonly string[]
  readonly make: (standing: StoredDocument<Kind> | undefined) => DocumentOf<Kind>['value']
}

interface WrittenDocument<Kind extends DocumentKind> {
  readonly stored: StoredDocument<Kind>
  readonly previous: StoredDocument<Kind> | undefined
}

async function writeInTurn<Kind extends DocumentKind>(
  { store, documents }: DocumentWriter,
  call: Pick<ArmCall, 'ifMatch' | 'ifNoneMatch'>,
  change: DocumentWrite<Kind>,
): Promise<WrittenDocument<Kind>> {
  for (let attempt = 1; ; attempt += 1) {
    const previous = documents.get(change.kind, ...change.path)
    if (previous) refuseDeclared(previous)
    const condition = writeCondition(call, previous)
    const document = { kind: change.kind, value: change.make(previous) } as unknown as ResourceDocument
    try {
      const stored = await store.put(document, condition)
      return { stored: stored as unknown as StoredDocument<Kind>, previous }
    } catch (error) {
      const wasOvertaken = isRelayError(error, 'PreconditionFailed') && call.ifMatch === undefined
      if (!wasOvertaken || attempt === maxAttempts) throw error
    }
  }
}

/** Deletes one document, what is under it, and the roles that were assigned there. False when there was none. */
export function deleteDocument(
  writer: DocumentWriter,
  call: Pick<ArmCall, 'ifMatch' | 'ifNoneMatch'>,
  target: Pick<DocumentWrite<DocumentKind>, 'kind' | 'path'>,
): Promise<boolean> {
  return writer.documents.writers.run(keyOfPath(target.kind, target.path), () => deleteInTurn(writer, call, target))
}

async function deleteInTurn(
  writer: DocumentWriter,
  call: Pick<ArmCall, 'ifMatch' | 'ifNoneMatch'>,
  target: Pick<DocumentWrite<DocumentKind>, 'kind' | 'path'>,
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const standing = writer.documents.get(target.kind, ...target.path)
    const condition = writeCondition(call, standing)
    if (!standing) return false
    refuseDeclared(standing)
    try {
      return await deleteWithRoles(writer, standing, condition)
    } catch (error) {
      const wasOvertaken = isRelayError(error, 'PreconditionFailed') && call.ifMatch === undefined
      if (!wasOvertaken || attempt === maxAttempts) throw error
    }
  }
}

/** @throws {RelayError} ResourceConflict */
export function refuseDeclared({ document }: StoredDocument): void {
  if (document.origin !== 'declared') return
  const name = 'name' in document.value ? ` ${document.value.name}` : ''
  throw new RelayError('ResourceConflict', {
    message: `The resources file of this relay declares${name}; change it there`,
  })
}
