import { namespaceId } from '@postern/protocol'
import type { Namespace } from '../../domain/namespace.ts'
import { namespaceHost } from '../../domain/namespace-host.ts'
import type { ManagementParts } from '../management-parts.ts'
import { armDate } from './arm-date.ts'
import { privateEndpointConnectionJson } from './private-endpoint-connection-json.ts'

/** Where a namespace is in its life, as Azure tells it; ours has been made, or is gone, when the answer is written. */
export type NamespaceState = 'Created' | 'Succeeded' | 'Removing'

const statuses = { Created: 'Activating', Succeeded: 'Active', Removing: 'Removing' } as const

/** A namespace in the shape of an api-version: what later ones added is not sent to clients of earlier ones. */
export function namespaceJson(
  { settings, dataPort }: Pick<ManagementParts, 'settings' | 'dataPort'>,
  namespace: Namespace,
  { apiVersion, state = 'Succeeded' }: { readonly apiVersion: string; readonly state?: NamespaceState },
): unknown {
  const { name, subscriptionId, location, tags, createdAt, updatedAt, network, privateEndpointConnections } = namespace
  return {
    id: namespaceId(namespace, name),
    name,
    type: 'Microsoft.Relay/Namespaces',
    location,
    tags,
    sku: { name: 'Standard', tier: 'Standard' },
    properties: {
      provisioningState: state === 'Removing' ? 'Succeeded' : state,
      status: statuses[state],
      createdAt: armDate(createdAt),
      updatedAt: armDate(updatedAt),
      serviceBusEndpoint: serviceBusEndpoint({ settings, dataPort }, namespace),
      metricId: `${subscriptionId}:${name.toLowerCase()}`,
      ...(apiVersion >= '2021' && {
        privateEndpointConnections: privateEndpointConnections.map((each) =>
          privateEndpointConnectionJson(namespace, each),
        ),
        publicNetworkAccess: network.publicNetworkAccess,
      }),
      ...(apiVersion >= '2026' && { minimumTlsVersion: settings.minTlsVersion }),
    },
    ...(apiVersion >= '2021' && {
      systemData: { createdAt: createdAt.toISOString(), lastModifiedAt: updatedAt.toISOString() },
    }),
  }
}

/** `https://host:port/` of a namespace, as Azure writes it. */
export function serviceBusEndpoint(
  { settings, dataPort }: Pick<ManagementParts, 'settings' | 'dataPort'>,
  namespace: Namespace,
): string {
  return `https://${bracket(namespaceHost(namespace, settings))}:${dataPort()}/`
}

function bracket(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
