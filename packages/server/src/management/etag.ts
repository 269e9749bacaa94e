import { RelayError } from '@postern/protocol'
import type { StoredDocument, WriteCondition } from '../storage/resource-store.ts'
import type { ArmCall } from './arm-call.ts'

/** The ETag header of a document. */
export function etagOf({ revision }: Pick<StoredDocument, 'revision'>): { readonly ETag: string } {
  return { ETag: `"${revision}"` }
}

/**
 * The condition of a write. What the caller says in If-Match and If-None-Match counts; without it nobody's change made
 * meanwhile is overwritten either, because `standing` was read to make the new document.
 * @throws {RelayError} PreconditionFailed
 */
export function writeCondition(
  call: Pick<ArmCall, 'ifMatch' | 'ifNoneMatch'>,
  standing: Pick<StoredDocument, 'revision'> | undefined,
): WriteCondition {
  const { ifMatch, ifNoneMatch } = call
  if (ifNoneMatch !== undefined && standing && includesTag(ifNoneMatch, standing.revision)) {
    throw new RelayError('PreconditionFailed', { message: 'There is such a resource already (If-None-Match)' })
  }
  if (ifMatch !== undefined && (!standing || !includesTag(ifMatch, standing.revision))) {
    throw new RelayError('PreconditionFailed', {
      message: standing
        ? 'The resource was changed since it was read (If-Match); read it again'
        : 'There is no such resource (If-Match)',
    })
  }
  return standing ? { revision: standing.revision } : 'absent'
}

/** RFC 9110 section 13.1: a list of entity tags, or `*` for anything. Weak ones count as strong. */
function includesTag(header: string, revision: string): boolean {
  return header
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === '*' || tag === `"${revision}"` || tag === revision)
}
