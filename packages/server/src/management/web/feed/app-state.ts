import { createHash } from 'node:crypto'
import { endpointOfMetadata, formatConnectionString, hybridConnectionId } from '@postern/protocol'
import type { AppHybridConnection } from '../../../domain/app.ts'
import { keyOfPath } from '../../../storage/document-kinds.ts'
import { hybridConnectionKey, namespaceKey } from '../../../storage/resource-store.ts'
import { deploymentByPrincipal, type FoundDeployment } from '../find-web-resource.ts'
import { namespaceEndpoint } from '../gateway-key.ts'
import { isAlive } from '../plan-usage.ts'
import { relayByName } from '../relay-reference.ts'
import { currentSendKey } from '../send-key.ts'
import type { WebParts } from '../web-parts.ts'

/** What an app's connector works with, as it is at this moment. */
export interface AppState {
  /** Changes with anything that the connector is told, and with nothing else; the same after a restart. */
  readonly revision: string
  readonly body: unknown
  /** Keys of the documents that it was made from. */
  readonly keys: ReadonlySet<string>
}

/** The state of the app whose identity this is. Undefined when it is nobody's, or may not sign in. */
export function readAppState(parts: WebParts, principalId: string): AppState | undefined {
  const found = deploymentByPrincipal(parts.documents, principalId)
  if (!found || parts.identity.directory.find(principalId)?.isEnabled !== true) return undefined
  const { app, slot, deployment, id } = found
  const value = deployment.hybridConnections.flatMap((attached) => usableJson(parts, attached) ?? [])
  const content = { app: { id, name: app.name, ...(slot !== undefined && { slot }) }, value }
  const revision = createHash('sha256').update(JSON.stringify(content)).digest('base64url')
  return { revision, body: { revision, ...content }, keys: keysOf(found, principalId) }
}

/** A hybrid connection with everything that it takes to send through it; undefined when something of that is gone. */
function usableJson(parts: WebParts, attached: AppHybridConnection): unknown {
  const { catalog } = parts
  const relay = relayByName(catalog, attached.namespace, attached.relayName)
  const endpoint = endpointOfMetadata(relay?.entity.userMetadata)
  const key = currentSendKey(catalog, attached)
  if (!relay || !endpoint || !key || !isAlive(catalog, attached)) return undefined
  const { namespace, entity } = relay
  const door = namespaceEndpoint(parts, namespace)
  return {
    id: hybridConnectionId(namespace, namespace.name, entity.name),
    namespace: namespace.name,
    name: entity.name,
    endpoint,
    dataDoor: new URL(`wss://${door.host}${door.port === undefined ? '' : `:${door.port}`}`).origin,
    connectionString: formatConnectionString({
      endpoint: door,
      keyName: key.rule.name,
      key: key.value.reveal(),
      entityPath: entity.name,
    }),
  }
}

function keysOf({ stored, deployment }: FoundDeployment, principalId: string): ReadonlySet<string> {
  const relays = deployment.hybridConnections.flatMap(({ namespace, relayName }) => [
    namespaceKey(namespace),
    hybridConnectionKey(namespace, relayName),
  ])
  return new Set([stored.key, keyOfPath('principal', [principalId]), ...relays])
}
