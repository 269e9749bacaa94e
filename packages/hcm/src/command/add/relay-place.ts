import type { Item } from '@postern/management'
import { RelayError } from '@postern/protocol'

/** Names one hybrid connection in the management plane of a relay. */
export interface RelayPlace {
  readonly subscriptionId: string
  readonly resourceGroupName: string
  readonly namespaceName: string
  readonly hybridConnectionName: string
}

/** Where a listed namespace is. @throws {RelayError} InternalError when its id is none */
export function placeOfNamespace({ id, name }: Item<'Namespaces_List'>): Omit<RelayPlace, 'hybridConnectionName'> {
  const [, subscriptionId, resourceGroupName] = /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\//i.exec(id) ?? []
  if (subscriptionId !== undefined && resourceGroupName !== undefined)
    return { subscriptionId, resourceGroupName, namespaceName: name }
  throw new RelayError('InternalError', { message: `The relay gave the namespace ${name} an id that cannot be read` })
}
