import type { Caller } from '../../domain/caller.ts'
import { defaultPlacement } from '../../domain/resource-placement.ts'
import type { ManagementParts } from '../management-parts.ts'

/**
 * The subscriptions in which a caller may read anything. A subscription is there as soon as something stands in it or a
 * role is assigned at it; nobody makes one.
 */
export function visibleSubscriptions(
  { documents, roles }: Pick<ManagementParts, 'documents' | 'roles'>,
  caller: Caller,
): readonly string[] {
  const ids = new Map<string, string>([[defaultPlacement.subscriptionId, defaultPlacement.subscriptionId]])
  const add = (id: string | undefined): void => {
    if (id !== undefined && !ids.has(id.toLowerCase())) ids.set(id.toLowerCase(), id)
  }
  for (const kind of ['namespace', 'resourceGroup', 'plan', 'app'] as const) {
    for (const { document } of documents.list(kind)) add(document.value.subscriptionId)
  }
  for (const { document } of documents.list('roleAssignment')) {
    add(/^\/subscriptions\/([^/]+)/i.exec(document.value.scope)?.[1])
  }
  return [...ids.values()].filter((id) => maySeeSubscription({ roles }, caller, id)).toSorted()
}

/** Whether a caller may read anything in a subscription. */
export function maySeeSubscription({ roles }: Pick<ManagementParts, 'roles'>, caller: Caller, id: string): boolean {
  return anyRead.some((action) => roles.reachesBelow(caller, { kind: 'action', action, scope: `/subscriptions/${id}` }))
}

/** One read of each kind of resource that a role could be about. */
const anyRead = [
  'Microsoft.Resources/subscriptions/resourceGroups/read',
  'Microsoft.Relay/namespaces/read',
  'Microsoft.Relay/namespaces/hybridConnections/read',
  'Microsoft.Web/sites/read',
  'Microsoft.Web/serverfarms/read',
]
