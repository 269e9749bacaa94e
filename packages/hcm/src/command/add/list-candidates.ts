import { endpointOfMetadata, formatEndpoint } from '@postern/client'
import type { ManagementClient } from '@postern/management'
import { placeOfNamespace, type RelayPlace } from './relay-place.ts'

/** A hybrid connection that could be added. */
export interface Candidate {
  readonly place: RelayPlace
  /** Of its namespace: what its connection strings say. */
  readonly host: string
  readonly endpoint: string | undefined
}

/** Hybrid connections that one list shows: nobody ticks in a longer one. */
const maxCandidates = 1_000

/** Everything in a subscription that the caller sees, by namespace. */
export async function listCandidates(client: ManagementClient, subscriptionId: string): Promise<readonly Candidate[]> {
  const found: Candidate[] = []
  for await (const namespace of client.items('Namespaces_List', { params: { subscriptionId } })) {
    const where = placeOfNamespace(namespace)
    const host = hostOf(namespace.properties.serviceBusEndpoint)
    for await (const entity of client.items('HybridConnections_ListByNamespace', { params: where })) {
      const endpoint = endpointOfMetadata(entity.properties.userMetadata)
      found.push({
        place: { ...where, hybridConnectionName: entity.name },
        host,
        endpoint: endpoint && formatEndpoint(endpoint),
      })
      if (found.length === maxCandidates) return found
    }
  }
  return found
}

/** The host in an address such as `sb://relay.example.com:8443/`. */
export function hostOf(address: string): string {
  return URL.parse(address.replace(/^sb:/i, 'https:'))?.hostname.toLowerCase() ?? ''
}
