import type { Namespace } from '../domain/namespace.ts'
import type { NetworkActivity } from '../domain/network-access.ts'
import type { NetworkGuard } from '../domain/network-guard.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'

/** Where somebody comes from, as network rules see it. */
export interface CallSource {
  readonly remote: RemoteEndpoint
  /** It came through the private door. */
  readonly isPrivate: boolean
}

/** Whether the network rules of a namespace let a source try at all. Asked before any token is looked at. */
export function mayTry(
  { guard }: { readonly guard: NetworkGuard },
  { namespace, remote, isPrivate }: CallSource & { readonly namespace: Namespace },
  activity: NetworkActivity,
): boolean {
  return guard.allows(namespace.network, { activity, address: remote.address, isPrivate })
}
