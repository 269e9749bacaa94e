import { namespaceId, RelayError } from '@postern/protocol'
import type { Namespace } from '../../domain/namespace.ts'
import type { PrivateEndpointConnection } from '../../domain/private-endpoint-connection.ts'
import { type ArmCall, type ArmHandlers, type ArmReply, ok } from '../arm-call.ts'
import { etagOf } from '../etag.ts'
import type { ManagementParts } from '../management-parts.ts'
import { page } from '../page.ts'
import { partConditions } from '../part-conditions.ts'
import { nameIn, refuseName } from '../resources/resource-handlers.ts'
import { writeDocument } from '../write-document.ts'
import { parentNamespace } from './find-namespace.ts'
import { privateEndpointConnectionJson } from './private-endpoint-connection-json.ts'
import type { privateEndpointRoutes } from './private-endpoint-routes.ts'

type Handlers = ArmHandlers<typeof privateEndpointRoutes>
type PutCall = Parameters<Handlers['PrivateEndpointConnections_CreateOrUpdate']>[0]

/** Private endpoint connections of one namespace: more than anybody has, and a document stays small. */
const maxConnections = 100

export function privateEndpointHandlers(parts: ManagementParts): Handlers {
  const { documents, settings } = parts
  return {
    PrivateEndpointConnections_List: (call) => {
      const { value } = parentNamespace(documents, call.params).document
      const items = value.privateEndpointConnections
        .map((connection) => ({ key: connection.name.toLowerCase(), connection }))
        .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      return page(call, items, ({ connection }) => privateEndpointConnectionJson(value, connection))
    },
    PrivateEndpointConnections_Get: (call) => {
      const stored = parentNamespace(documents, call.params)
      const { value } = stored.document
      const connection = find(value.privateEndpointConnections, call)
      if (!connection) throw notFound('private endpoint connection', nameOf(call))
      return ok(privateEndpointConnectionJson(value, connection), etagOf(stored))
    },
    PrivateEndpointConnections_CreateOrUpdate: (call) => putConnection(parts, call),
    PrivateEndpointConnections_Delete: async (call) => {
      const { value } = parentNamespace(documents, call.params).document
      const isThere = find(value.privateEndpointConnections, call) !== undefined
      const conditions = partConditions(call, { isThere })
      if (!isThere) return { status: 204 }
      await writeConnections(parts, { ...call, ...conditions }, (standing) => {
        const doomed = find(standing, call)
        return standing.filter((each) => each !== doomed)
      })
      return { status: 200 }
    },
    PrivateLinkResources_List: (call) => {
      const { value } = parentNamespace(documents, call.params).document
      return ok({ value: [linkResourceJson(value, settings)] })
    },
    PrivateLinkResources_Get: (call) => {
      const { value } = parentNamespace(documents, call.params).document
      const name = nameIn(call.params, 'privateLinkResourceName')
      if (name.toLowerCase() !== 'namespace') throw notFound('private link resource', name)
      return ok(linkResourceJson(value, settings))
    },
  }
}

async function putConnection(parts: ManagementParts, call: PutCall): Promise<ArmReply> {
  const name = nameOf(call)
  refuseName(/^[A-Za-z0-9][\w.-]{0,127}$/.test(name) ? undefined : 'must have 1 to 128 letters, digits and . _ -')
  const { value } = parentNamespace(parts.documents, call.params).document
  const isThere = find(value.privateEndpointConnections, call) !== undefined
  const conditions = partConditions(call, { isThere })
  const stored = await writeConnections(parts, { ...call, ...conditions }, (standing) => {
    const before = find(standing, call)
    const wanted = connectionOf(call, before)
    if (before) return standing.map((each) => (each === before ? wanted : each))
    if (standing.length < maxConnections) return [...standing, wanted]
    throw new RelayError('ResourceLimitReached', {
      message: `There are ${maxConnections} private endpoint connections already; a namespace cannot have more`,
    })
  })
  const connection = find(stored.document.value.privateEndpointConnections, call)
  return {
    status: isThere ? 200 : 201,
    body: connection && privateEndpointConnectionJson(stored.document.value, connection),
    headers: etagOf(stored),
  }
}

/** @throws {RelayError} RequestContentInvalid */
function connectionOf(call: PutCall, before: PrivateEndpointConnection | undefined): PrivateEndpointConnection {
  const { privateEndpoint, privateLinkServiceConnectionState: state } = call.body.properties ?? {}
  const privateEndpointId = privateEndpoint?.id ?? before?.privateEndpointId
  if (privateEndpointId === undefined) {
    throw new RelayError('RequestContentInvalid', { message: 'properties.privateEndpoint.id is missing' })
  }
  return {
    name: before?.name ?? nameOf(call),
    privateEndpointId,
    status: state?.status ?? before?.status ?? 'Pending',
    description: state?.description ?? before?.description ?? '',
  }
}

async function writeConnections(
  parts: ManagementParts,
  call: Pick<ArmCall, 'params' | 'ifMatch' | 'ifNoneMatch'>,
  change: (standing: readonly PrivateEndpointConnection[]) => readonly PrivateEndpointConnection[],
): Promise<Awaited<ReturnType<typeof writeDocument<'namespace'>>>['stored']> {
  const { stored } = await writeDocument(parts, call, {
    kind: 'namespace',
    path: [nameIn(call.params, 'namespaceName')],
    make: () => {
      const { value } = parentNamespace(parts.documents, call.params).document
      return { ...value, privateEndpointConnections: change(value.privateEndpointConnections) }
    },
  })
  return stored
}

function nameOf({ params }: Pick<ArmCall, 'params'>): string {
  return nameIn(params, 'privateEndpointConnectionName')
}

function find(
  connections: readonly PrivateEndpointConnection[],
  call: Pick<ArmCall, 'params'>,
): PrivateEndpointConnection | undefined {
  const wanted = nameOf(call).toLowerCase()
  return connections.find(({ name }) => name.toLowerCase() === wanted)
}

function notFound(kind: string, name: string): RelayError {
  return new RelayError('ResourceNotFound', { message: `There is no ${kind} '${name.slice(0, 128)}'` })
}

function linkResourceJson(namespace: Namespace, { baseDomain }: ManagementParts['settings']): unknown {
  return {
    id: `${namespaceId(namespace, namespace.name)}/privateLinkResources/namespace`,
    name: 'namespace',
    type: 'Microsoft.Relay/Namespaces/PrivateLinkResources',
    properties: {
      groupId: 'namespace',
      requiredMembers: ['namespace'],
      requiredZoneNames: [`privatelink.${baseDomain}`],
    },
  }
}
