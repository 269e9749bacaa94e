import { RelayError } from '@postern/protocol'
import type { NetworkGuard } from '../domain/network-guard.ts'
import type { ResourceCatalog } from '../storage/resource-catalog.ts'
import type { RouteMatch } from './route-index.ts'

/**
 * Applies the management rules of a namespace to a call about it or something in it, and to one that attaches something of
 * it to an app or asks for its keys there.
 * @throws {RelayError} AddressNotAllowed
 */
export function admitAddress(
  { catalog, guard }: { readonly catalog: ResourceCatalog; readonly guard: NetworkGuard },
  { route, params }: RouteMatch,
  address: string,
): void {
  const isAbout = route.path.includes(relayNamespaces) || usesRelay(route)
  const name = isAbout ? params['namespaceName'] : undefined
  const namespace = name === undefined ? undefined : catalog.namespaceByName(name)
  if (namespace === undefined) return
  if (guard.allows(namespace.network, { activity: 'manage', address, isPrivate: false })) return
  throw new RelayError('AddressNotAllowed')
}

/** Looking at an attachment and taking it away concern the app alone. */
function usesRelay({ method, path }: RouteMatch['route']): boolean {
  return path.includes(attachments) && method !== 'GET' && method !== 'DELETE'
}

const attachments = '/hybridConnectionNamespaces/{namespaceName}/relays/'
const relayNamespaces = '/providers/Microsoft.Relay/namespaces/{namespaceName}'
