import { createHash } from 'node:crypto'
import { endpointOfMetadata, formatEndpoint, hybridConnectionId, hybridConnectionOfId } from '@postern/protocol'
import { entityKey, type HybridConnection } from '../../domain/hybrid-connection.ts'
import type { Namespace } from '../../domain/namespace.ts'
import { listenerRoleId } from '../../identity/roles/built-in-roles.ts'
import type { ManagementParts } from '../management-parts.ts'
import { serviceBusEndpoint } from '../relay/namespace-json.ts'

/** A hybrid connection that stands where its id says. */
export interface FoundEntity {
  /** Spelt as Azure does. */
  readonly id: string
  readonly namespace: Namespace
  readonly entity: HybridConnection
}

/** The hybrid connection that an ARM id names; undefined when nothing stands there. */
export function entityOfId({ catalog }: Pick<ManagementParts, 'catalog'>, id: string): FoundEntity | undefined {
  const named = hybridConnectionOfId(id)
  const namespace = named && catalog.namespaceByName(named.namespace)
  const entity = namespace && catalog.get(namespace.name, named.name)
  if (named === undefined || namespace === undefined || entity === undefined) return undefined
  const isThere =
    namespace.subscriptionId.toLowerCase() === named.subscriptionId.toLowerCase() &&
    namespace.resourceGroup.toLowerCase() === named.resourceGroup.toLowerCase()
  return isThere ? { id: hybridConnectionId(namespace, namespace.name, entity.name), namespace, entity } : undefined
}

/** The hybrid connections that a Hybrid Connection Manager was given: those at which its principal is a listener. */
export function servedEntities(
  parts: Pick<ManagementParts, 'catalog' | 'roles'>,
  principalId: string,
): readonly FoundEntity[] {
  const found = new Map<string, FoundEntity>()
  for (const { roleDefinitionId, scope } of parts.roles.assignmentsOf([principalId])) {
    const entity = roleDefinitionId === listenerRoleId ? entityOfId(parts, scope) : undefined
    if (entity) found.set(keyOf(entity), entity)
  }
  return [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entity]) => entity)
}

/** What an HCM must know of a hybrid connection to listen on it and to reach its target. */
export function servedEntityJson(
  parts: Pick<ManagementParts, 'settings' | 'dataPort'>,
  { id, namespace, entity }: FoundEntity,
): unknown {
  const endpoint = endpointOfMetadata(entity.userMetadata)
  return {
    id,
    namespace: namespace.name,
    name: entity.name,
    serviceBusEndpoint: serviceBusEndpoint(parts, namespace),
    ...(entity.userMetadata !== undefined && { userMetadata: entity.userMetadata }),
    ...(endpoint && { endpoint: formatEndpoint(endpoint) }),
  }
}

/** ETag of what an HCM is told: another one means that something about its hybrid connections has changed. */
export function etagOfAnswer(answer: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(answer)).digest('base64url').slice(0, 22)}"`
}

/** `namespace/name` in lower case, as the data plane knows it. */
export function keyOf({ entity }: Pick<FoundEntity, 'entity'>): string {
  return entityKey(entity.namespace, entity.name)
}
