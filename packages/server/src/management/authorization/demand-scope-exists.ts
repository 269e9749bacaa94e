import { parseArmId, RelayError } from '@postern/protocol'
import type { ManagementParts } from '../management-parts.ts'
import { findResourceGroup } from '../resources/find-resource-group.ts'

/**
 * Refuses a scope at which nothing stands: a role that waits for a name would fall to whatever somebody else calls so.
 * Subscriptions are there as soon as they are named.
 * @throws {RelayError} ResourceGroupNotFound, ResourceNotFound
 */
export function demandScopeExists(parts: Pick<ManagementParts, 'documents' | 'catalog'>, scope: string): void {
  const { subscriptionId, resourceGroup, provider } = parseArmId(scope) ?? {}
  if (subscriptionId !== undefined && resourceGroup !== undefined) {
    findResourceGroup(parts.documents, subscriptionId, resourceGroup)
  }
  if (provider !== undefined && !isResource(parts, scope)) {
    throw new RelayError('ResourceNotFound', {
      message: `Nothing stands at '${scope.slice(0, 200)}'. A role can be assigned at a namespace, a hybrid connection, a plan, an app, and at what is above them`,
    })
  }
}

interface Place {
  readonly subscriptionId: string
  readonly resourceGroup: string
}

function isResource(parts: Pick<ManagementParts, 'documents' | 'catalog'>, scope: string): boolean {
  const { subscriptionId, resourceGroup, provider = '', path = [] } = parseArmId(scope) ?? {}
  if (subscriptionId === undefined || resourceGroup === undefined) return false
  const [type = '', name = '', childType, child = '', ...deeper] = path
  if (deeper.length > 0) return false
  const wanted = {
    subscriptionId,
    resourceGroup,
    name,
    ...(childType !== undefined && { below: { type: childType.toLowerCase(), name: child } }),
  }
  const find = finders[`${provider}/${type}`.toLowerCase()]
  return find?.(parts, wanted) ?? false
}

interface WantedResource extends Place {
  readonly name: string
  readonly below?: { readonly type: string; readonly name: string }
}

/** By provider and type in lower case. */
const finders: Readonly<
  Record<string, (parts: Pick<ManagementParts, 'documents' | 'catalog'>, wanted: WantedResource) => boolean>
> = {
  'microsoft.relay/namespaces': ({ catalog }, { name, below, ...place }) =>
    isAt(catalog.namespaceByName(name), place) &&
    (below === undefined || (below.type === 'hybridconnections' && catalog.get(name, below.name) !== undefined)),
  'microsoft.web/serverfarms': ({ documents }, { subscriptionId, resourceGroup, name, below }) =>
    below === undefined && documents.get('plan', subscriptionId, resourceGroup, name) !== undefined,
  'microsoft.web/sites': ({ documents }, { subscriptionId, resourceGroup, name, below }) => {
    const app = documents.get('app', subscriptionId, resourceGroup, name)?.document.value
    const isSlot = (slot: string): boolean => slot.toLowerCase() === below?.name.toLowerCase()
    return (
      app !== undefined && (below === undefined || (below.type === 'slots' && app.slots.some((s) => isSlot(s.name))))
    )
  },
}

function isAt(namespace: Place | undefined, { subscriptionId, resourceGroup }: Place): boolean {
  return (
    namespace?.subscriptionId.toLowerCase() === subscriptionId.toLowerCase() &&
    namespace.resourceGroup.toLowerCase() === resourceGroup.toLowerCase()
  )
}
