import { RelayError } from '@postern/protocol'
import type { NetworkGuard } from '../domain/network-guard.ts'
import type { ResourceCatalog } from '../storage/resource-catalog.ts'
import type { RouteMatch } from './route-index.ts'

/**
 * Applies the management rules of a namespace to a call about it or something in it.
 * @throws {RelayError} AddressNotAllowed
 */
export function admitAddress(
  { catalog, guard }: { readonly catalog: ResourceCatalog; readonly guard: NetworkGuard },
  { route, params }: RouteMatch,
  address: string,
): void {
  const name = route.path.includes(relayNamespaces) ? params['namespaceName'] : undefined
  const namespace = name === undefined ? undefined : catalog.namespaceByName(name)
  if (namespace === undefined) return
  if (guard.allows(namespace.network, { activity: 'manage', address, isPrivate: false })) return
  throw new RelayError('AddressNotAllowed')
}

const relayNamespaces = '/providers/Microsoft.Relay/namespaces/{namespaceName}'
