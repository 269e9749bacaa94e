import { entityKey } from '../domain/hybrid-connection.ts'
import type { ListenerRegistry } from '../listeners/listener-registry.ts'
import type { RelayedConnections } from '../relay/relayed-connections.ts'
import type { OfferBook } from '../rendezvous/offer-book.ts'
import type { RelayHolders } from '../rendezvous/rendezvous-socket.ts'
import type { ResourceCatalog } from '../storage/resource-catalog.ts'
import type { ResourceChange } from '../storage/resource-store.ts'
import type { Counters } from '../telemetry/counters.ts'

export interface ResourceWatchParts {
  readonly catalog: ResourceCatalog
  readonly listeners: ListenerRegistry
  readonly offers: OfferBook<RelayHolders>
  readonly connections: RelayedConnections
  readonly counters: Counters
}

/**
 * Lets changes of rules, keys and entities take effect on what is open: control channels that would not be admitted now
 * are closed, relayed connections go on unless their entity is gone.
 * @returns the function that ends it
 */
export function watchResources(parts: ResourceWatchParts): () => void {
  return parts.catalog.onChange((change) => {
    const document = change.kind === 'put' ? change.stored.document : change.previous.document
    if (document.kind === 'namespace') revalidateNamespace(parts, document.value.name)
    else if (document.kind === 'hybridConnection') onEntityChange(parts, change.kind, document.value)
  })
}

function revalidateNamespace(parts: ResourceWatchParts, name: string): void {
  for (const entity of parts.catalog.list(name)) {
    for (const channel of parts.listeners.channels(entityKey(name, entity.name))) channel.revalidate()
  }
}

function onEntityChange(
  parts: ResourceWatchParts,
  kind: ResourceChange['kind'],
  entity: { readonly namespace: string; readonly name: string },
): void {
  const key = entityKey(entity.namespace, entity.name)
  const channels = parts.listeners.channels(key)
  if (kind === 'put') {
    for (const channel of channels) channel.revalidate()
    return
  }
  // Hybrid Connections protocol: 1001, "The Hybrid Connection path has been deleted or disabled".
  const reason = 'The hybrid connection was deleted.'
  for (const channel of channels) channel.close(1001, reason)
  parts.offers.withdraw(key)
  parts.connections.close(1001, reason, key)
  parts.counters.forget(entity.namespace, entity.name)
}
