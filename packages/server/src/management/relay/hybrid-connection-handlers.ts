import { parseEndpoint, RelayError, withMetadataEndpoint } from '@postern/protocol'
import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import { type ArmCall, type ArmHandlers, ok } from '../arm-call.ts'
import { etagOf } from '../etag.ts'
import type { ManagementParts } from '../management-parts.ts'
import { page } from '../page.ts'
import { nameIn } from '../resources/resource-handlers.ts'
import { deleteDocument } from '../write-document.ts'
import { parentNamespace } from './find-namespace.ts'
import { hybridConnectionJson } from './hybrid-connection-json.ts'
import type { hybridConnectionRoutes } from './hybrid-connection-routes.ts'
import { type GivenSettings, givenOr, replacedSettings } from './replaced-settings.ts'
import { type HybridConnectionSettings, writeHybridConnection } from './write-hybrid-connection.ts'

export function hybridConnectionHandlers(parts: ManagementParts): ArmHandlers<typeof hybridConnectionRoutes> {
  const { documents } = parts
  const toJson = (call: ArmCall, namespace: StoredDocument<'namespace'>, entity: HybridConnection): unknown =>
    hybridConnectionJson(parts, entity, { namespace: namespace.document.value, apiVersion: call.apiVersion })
  const write = async (
    call: ArmCall,
    settings: (standing: HybridConnection | undefined) => HybridConnectionSettings,
  ): Promise<ReturnType<typeof ok>> => {
    const namespace = parentNamespace(documents, call.params)
    const name = nameIn(call.params, 'hybridConnectionName')
    const { stored } = await writeHybridConnection(parts, call, { namespace, name, settings })
    return ok(toJson(call, namespace, stored.document.value), etagOf(stored))
  }
  return {
    HybridConnections_ListByNamespace: (call) => {
      const namespace = parentNamespace(documents, call.params)
      const all = documents.list('hybridConnection', namespace.document.value.name)
      return page(call, all, ({ document }) => toJson(call, namespace, document.value))
    },
    HybridConnections_Get: (call) => {
      const namespace = parentNamespace(documents, call.params)
      const stored = documents.get(
        'hybridConnection',
        namespace.document.value.name,
        nameIn(call.params, 'hybridConnectionName'),
      )
      if (!stored) throw new RelayError('EntityNotFound')
      return ok(toJson(call, namespace, stored.document.value), etagOf(stored))
    },
    HybridConnections_CreateOrUpdate: (call) =>
      write(call, (standing) => replacedSettings(call.body.properties, standing)),
    HybridConnections_Update: (call) =>
      write(call, (standing) => {
        if (!standing) throw new RelayError('EntityNotFound')
        return changed(call.body.properties, standing)
      }),
    HybridConnections_Delete: async (call) => {
      const namespace = parentNamespace(documents, call.params)
      const path = [namespace.document.value.name, nameIn(call.params, 'hybridConnectionName')]
      const wasThere = await deleteDocument(parts, call, { kind: 'hybridConnection', path })
      return { status: wasThere ? 200 : 204 }
    },
  }
}

function changed(
  properties: (GivenSettings & { readonly endpoint?: string | null | undefined }) | null | undefined,
  standing: HybridConnection,
): HybridConnectionSettings {
  const { requiresClientAuthorization, userMetadata, maxListeners, httpResponseTimeoutMs, actions, endpoint } =
    properties ?? {}
  const metadata = givenOr(userMetadata, standing.userMetadata)
  return {
    requiresClientAuthorization: requiresClientAuthorization ?? standing.requiresClientAuthorization,
    userMetadata: endpoint === undefined ? metadata : moveEndpoint(metadata, endpoint),
    maxListeners: givenOr(maxListeners, standing.maxListeners),
    httpResponseTimeoutMs: givenOr(httpResponseTimeoutMs, standing.httpResponseTimeoutMs),
    actions: givenOr(actions, standing.actions),
  }
}

/** @throws {RelayError} RequestContentInvalid */
function moveEndpoint(userMetadata: string | undefined, endpoint: string | null): string {
  const parsed = endpoint === null ? undefined : parseEndpoint(endpoint)
  if (endpoint !== null && !parsed) {
    throw new RelayError('RequestContentInvalid', {
      message: 'properties.endpoint must be host:port, such as db.corp:5432 or [fd00::1]:5432',
    })
  }
  const moved = withMetadataEndpoint(userMetadata, parsed)
  if (moved !== undefined) return moved
  throw new RelayError('RequestContentInvalid', {
    message: 'userMetadata is no list of entries and cannot hold an endpoint; change userMetadata itself',
  })
}
