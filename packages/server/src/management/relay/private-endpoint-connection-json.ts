import { namespaceId } from '@postern/protocol'
import type { Namespace } from '../../domain/namespace.ts'
import type { PrivateEndpointConnection } from '../../domain/private-endpoint-connection.ts'

export function privateEndpointConnectionJson(
  namespace: Namespace,
  { name, privateEndpointId, status, description }: PrivateEndpointConnection,
): unknown {
  return {
    id: `${namespaceId(namespace, namespace.name)}/privateEndpointConnections/${name}`,
    name,
    type: 'Microsoft.Relay/Namespaces/PrivateEndpointConnections',
    location: namespace.location,
    properties: {
      privateEndpoint: { id: privateEndpointId },
      privateLinkServiceConnectionState: { status, description },
      provisioningState: 'Succeeded',
    },
  }
}
