import { RelayError } from '@postern/protocol'
import type { ArmCall } from './arm-call.ts'

type Conditions = Pick<ArmCall, 'ifMatch' | 'ifNoneMatch'>

/**
 * The conditions of a write of something that is part of a document, such as a rule: a tag is the document's, `*` asks for
 * the part itself.
 * @throws {RelayError} PreconditionFailed
 */
export function partConditions(
  { ifMatch, ifNoneMatch }: Conditions,
  options: { readonly isThere: boolean },
): Conditions {
  const { isThere } = options
  if (ifMatch === '*' && !isThere) {
    throw new RelayError('PreconditionFailed', { message: 'There is no such resource (If-Match)' })
  }
  if (ifNoneMatch === '*' && isThere) {
    throw new RelayError('PreconditionFailed', { message: 'There is such a resource already (If-None-Match)' })
  }
  return { ifMatch, ifNoneMatch: ifNoneMatch === '*' ? undefined : ifNoneMatch }
}
