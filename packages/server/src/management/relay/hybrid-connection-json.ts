import { hybridConnectionId } from '@postern/protocol'
import { entityKey, type HybridConnection } from '../../domain/hybrid-connection.ts'
import type { Namespace } from '../../domain/namespace.ts'
import type { ManagementParts } from '../management-parts.ts'
import { armDate } from './arm-date.ts'

export function hybridConnectionJson(
  { listeners }: Pick<ManagementParts, 'listeners'>,
  entity: HybridConnection,
  { namespace, apiVersion }: { readonly namespace: Namespace; readonly apiVersion: string },
): unknown {
  const { name, createdAt, updatedAt, requiresClientAuthorization } = entity
  const { userMetadata, maxListeners, httpResponseTimeoutMs, actions } = entity
  return {
    id: hybridConnectionId(namespace, namespace.name, name),
    name,
    type: 'Microsoft.Relay/Namespaces/HybridConnections',
    location: namespace.location,
    properties: {
      createdAt: armDate(createdAt),
      updatedAt: armDate(updatedAt),
      listenerCount: listeners.count(entityKey(entity.namespace, name)),
      requiresClientAuthorization,
      ...(userMetadata !== undefined && { userMetadata }),
      ...(maxListeners !== undefined && { maxListeners }),
      ...(httpResponseTimeoutMs !== undefined && { httpResponseTimeoutMs }),
      ...(actions !== undefined && { actions }),
    },
    ...(apiVersion >= '2021' && {
      systemData: { createdAt: createdAt.toISOString(), lastModifiedAt: updatedAt.toISOString() },
    }),
  }
}
