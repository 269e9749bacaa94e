import {
  type ArmPlace,
  appId,
  hybridConnectionId,
  namespaceId,
  parseArmId,
  plainScope,
  planId,
  resourceGroupId,
  scopeCovers,
} from '@postern/protocol'
import type { ResourceDocument, StoredDocument } from './resource-store.ts'

/**
 * The ARM id of what a document holds, at which roles are assigned; undefined for what has none.
 *
 * @param placeOf where a namespace stands: a hybrid connection does not say it itself
 */
export function scopeOfDocument(
  { kind, value }: ResourceDocument,
  placeOf: (namespace: string) => ArmPlace | undefined,
): string | undefined {
  switch (kind) {
    case 'namespace':
      return namespaceId(value, value.name)
    case 'hybridConnection': {
      const place = placeOf(value.namespace)
      return place && hybridConnectionId(place, value.namespace, value.name)
    }
    case 'plan':
      return planId(value, value.name)
    case 'app':
      return appId(value, value.name)
    case 'resourceGroup':
      return resourceGroupId({ subscriptionId: value.subscriptionId, resourceGroup: value.name })
    default:
      return undefined
  }
}

/** The role assignments that end with what stands at an id: those at it and below. */
export function assignmentsUnder(
  scope: string,
  assignments: readonly StoredDocument<'roleAssignment'>[],
): readonly StoredDocument<'roleAssignment'>[] {
  const own = hybridConnectionNameIn(scope)
  return assignments.filter(({ document: { value } }) => {
    if (!scopeCovers(scope, value.scope)) return false
    // The hybrid connection `site/web` looks as if it stood below `site`, and is another one.
    return own === undefined || own === hybridConnectionNameIn(value.scope)
  })
}

function hybridConnectionNameIn(scope: string): string | undefined {
  const [, , type, name] = parseArmId(plainScope(scope))?.path ?? []
  return type === 'hybridconnections' ? name : undefined
}
