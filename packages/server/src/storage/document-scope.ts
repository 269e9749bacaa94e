import {
  type ArmPlace,
  appId,
  hybridConnectionId,
  namespaceId,
  parseArmId,
  plainScope,
  planId,
  resourceGroupId,
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

/**
 * The role assignments that end with what stands at some ids: those at them and below. Takes about as long for a thousand ids
 * as for one.
 */
export function assignmentsUnder(
  scopes: readonly string[],
  assignments: readonly StoredDocument<'roleAssignment'>[],
): readonly StoredDocument<'roleAssignment'>[] {
  if (scopes.length === 0) return []
  const gone = new Set(scopes.map(plainScope))
  const start = [...gone].reduce(commonStart)
  return assignments.filter(({ document: { value } }) => {
    // Of ten thousand assignments most stand elsewhere: only the others are looked at part by part.
    if (!value.scope.toLowerCase().startsWith(start)) return false
    const scope = plainScope(value.scope)
    for (let end = scope.length; end > 0; end = scope.lastIndexOf('/', end - 1)) {
      const above = scope.slice(0, end)
      if (gone.has(above) && !isOtherHybridConnection(above, scope)) return true
    }
    return false
  })
}

/** `site/web` looks as if it stood below the hybrid connection `site`, and is another one. Both in plain form. */
function isOtherHybridConnection(above: string, scope: string): boolean {
  const name = hybridConnectionNameIn(above)
  return name !== undefined && name !== hybridConnectionNameIn(scope)
}

function hybridConnectionNameIn(scope: string): string | undefined {
  const [, , type, name] = parseArmId(scope)?.path ?? []
  return type === 'hybridconnections' ? name : undefined
}

function commonStart(a: string, b: string): string {
  let length = 0
  while (length < a.length && a[length] === b[length]) length += 1
  return a.slice(0, length)
}
