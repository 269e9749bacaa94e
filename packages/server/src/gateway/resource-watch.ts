import type { Principal } from '../auth/decision.ts'
import { allowsAction, entityKey, type HybridConnection } from '../domain/hybrid-connection.ts'
import type { Namespace } from '../domain/namespace.ts'
import type { ControlChannel } from '../listeners/control-channel.ts'
import type { MessagePeer } from '../messages/message-peer.ts'
import type { ResourceChange, ResourceDocument } from '../storage/resource-store.ts'
import { type CallSource, mayTry } from './network-admission.ts'
import type { RelayParts } from './relay-parts.ts'

export type ResourceWatchParts = Pick<
  RelayParts,
  'catalog' | 'listeners' | 'messages' | 'offers' | 'connections' | 'counters' | 'guard'
>

/**
 * Lets changes take effect on what is open: control channels that would not be admitted now are closed, whether for their
 * key, role or address; so are streaming senders and subscribers. Relayed connections go on, unless their entity is gone or their sender's address is shut out.
 * @returns the function that ends it
 */
export function watchResources(parts: ResourceWatchParts): () => void {
  return parts.catalog.onChange((change) => {
    const document = change.kind === 'put' ? change.stored.document : change.previous.document
    switch (document.kind) {
      case 'namespace':
        if (change.kind === 'put') enforceNetworkRules(parts, document.value)
        revalidate([...namespaceChannels(parts, document.value.name), ...namespacePeers(parts, document.value.name)])
        return
      case 'hybridConnection':
        onEntityChange(parts, change.kind, document.value)
        return
      case 'roleAssignment':
      case 'roleDefinition':
      case 'principal':
        revalidate(
          [...parts.listeners.channels(), ...parts.messages.peers()].filter((held) => isConcerned(held, change)),
        )
        return
      default:
    }
  })
}

function namespaceChannels(parts: ResourceWatchParts, name: string): readonly ControlChannel[] {
  return parts.catalog.list(name).flatMap((entity) => parts.listeners.channels(entityKey(name, entity.name)))
}

function namespacePeers(parts: ResourceWatchParts, name: string): readonly MessagePeer[] {
  return parts.catalog.list(name).flatMap((entity) => parts.messages.peers(entityKey(name, entity.name)))
}

function revalidate(held: readonly { revalidate(): void }[]): void {
  for (const each of held) each.revalidate()
}

/** Whether a change of roles or principals can be about the one who holds a channel. */
function isConcerned({ principal }: { readonly principal: Principal }, change: ResourceChange): boolean {
  if (principal.kind !== 'caller') return false
  const { caller } = principal
  const documents = [change.previous?.document, change.kind === 'put' ? change.stored.document : undefined]
  return documents.some((document) => document !== undefined && concerns(document, caller.principalIds))
}

function concerns(document: ResourceDocument, principalIds: readonly string[]): boolean {
  const isNamed = (id: string): boolean => principalIds.some((each) => each.toLowerCase() === id.toLowerCase())
  if (document.kind === 'roleAssignment') return isNamed(document.value.principalId)
  return document.kind === 'principal' ? isNamed(document.value.id) : document.kind === 'roleDefinition'
}

function enforceNetworkRules(parts: ResourceWatchParts, namespace: Namespace): void {
  const reason = 'The network rules of the namespace do not let this address in.'
  const isShutOut = (source: CallSource, activity: 'listen' | 'send'): boolean =>
    !mayTry(parts, { remote: source.remote, isPrivate: source.isPrivate, namespace }, activity)
  for (const channel of namespaceChannels(parts, namespace.name)) {
    if (isShutOut(channel, 'listen')) channel.close(1008, reason, 'AddressNotAllowed')
  }
  for (const peer of namespacePeers(parts, namespace.name)) {
    const activity = peer.action === 'subscribe' ? 'listen' : 'send'
    if (isShutOut(peer, activity)) peer.close(1008, reason, 'AddressNotAllowed')
  }
  for (const { name } of parts.catalog.list(namespace.name)) {
    const where = (source: CallSource): boolean => isShutOut(source, 'send')
    parts.connections.close(1008, reason, { entity: entityKey(namespace.name, name), where })
  }
}

function onEntityChange(parts: ResourceWatchParts, kind: ResourceChange['kind'], entity: HybridConnection): void {
  const key = entityKey(entity.namespace, entity.name)
  const channels = parts.listeners.channels(key)
  if (kind === 'put') {
    revalidate([...channels, ...parts.messages.peers(key)])
    enforceActions(parts, entity)
    return
  }
  // Hybrid Connections protocol: 1001, "The Hybrid Connection path has been deleted or disabled".
  const reason = 'The hybrid connection was deleted.'
  for (const channel of channels) channel.close(1001, reason)
  for (const peer of parts.messages.peers(key)) peer.close(1001, reason)
  parts.messages.forget(key)
  parts.offers.withdraw(key)
  parts.connections.close(1001, reason, { entity: key })
  parts.counters.forget(entity.namespace, entity.name)
}

/** What its owner has taken away ends at once; HTTP requests that have begun go on to their end. */
function enforceActions(parts: ResourceWatchParts, entity: HybridConnection): void {
  const key = entityKey(entity.namespace, entity.name)
  const reason = 'The hybrid connection does not allow this action any more.'
  for (const peer of parts.messages.peers(key)) {
    if (!allowsAction(entity, peer.action)) peer.close(1008, reason, 'ActionDisabled')
  }
  if (allowsAction(entity, 'connect')) return
  parts.connections.close(1008, reason, { entity: key })
  parts.offers.withdraw(key, 'accept')
}
