import { z } from 'zod'
import type { Route } from '../route.ts'
import { listOf, privateEndpointConnectionReply, resourceReply } from './relay-schemas.ts'

const namespace =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}'
const connections = `${namespace}/privateEndpointConnections`
const connection = `${connections}/{privateEndpointConnectionName}`
const linkResources = `${namespace}/privateLinkResources`
const actions = 'Microsoft.Relay/namespaces/privateEndpointConnections'

const linkResourceReply = z.object({
  ...resourceReply,
  properties: z.object({
    groupId: z.literal('namespace'),
    requiredMembers: z.array(z.string()),
    requiredZoneNames: z.array(z.string()),
  }),
})

/** What Azure's clients ask about private endpoints. What lets callers in here is the private door. */
export const privateEndpointRoutes = [
  {
    id: 'PrivateEndpointConnections_List',
    method: 'GET',
    path: connections,
    versions: 'relay',
    access: { action: `${actions}/read` },
    summary: 'Lists the private endpoint connections of a namespace.',
    reply: listOf(privateEndpointConnectionReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'PrivateEndpointConnections_Get',
    method: 'GET',
    path: connection,
    versions: 'relay',
    access: { action: `${actions}/read` },
    summary: 'Gets a private endpoint connection.',
    reply: privateEndpointConnectionReply,
    statuses: [200],
  },
  {
    id: 'PrivateEndpointConnections_CreateOrUpdate',
    method: 'PUT',
    path: connection,
    versions: 'relay',
    access: { action: `${actions}/write` },
    summary: 'Creates a private endpoint connection, or changes its state.',
    body: z.object({
      properties: z
        .object({
          privateEndpoint: z.object({ id: z.string().min(1).max(1024).nullish() }).nullish(),
          privateLinkServiceConnectionState: z
            .object({
              status: z.enum(['Pending', 'Approved', 'Rejected', 'Disconnected']).nullish(),
              description: z.string().max(1024).nullish(),
            })
            .nullish(),
        })
        .nullish(),
    }),
    reply: privateEndpointConnectionReply,
    statuses: [200, 201],
    isLongRunning: true,
  },
  {
    id: 'PrivateEndpointConnections_Delete',
    method: 'DELETE',
    path: connection,
    versions: 'relay',
    access: { action: `${actions}/delete` },
    summary: 'Deletes a private endpoint connection.',
    statuses: [200, 204],
    isLongRunning: true,
  },
  {
    id: 'PrivateLinkResources_List',
    method: 'GET',
    path: linkResources,
    versions: 'relay',
    access: { action: 'Microsoft.Relay/namespaces/privateLinkResources/read' },
    summary: 'Lists what of a namespace a private endpoint can lead to.',
    reply: listOf(linkResourceReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'PrivateLinkResources_Get',
    method: 'GET',
    path: `${linkResources}/{privateLinkResourceName}`,
    versions: 'relay',
    access: { action: 'Microsoft.Relay/namespaces/privateLinkResources/read', scope: namespace },
    summary: 'Gets what a private endpoint can lead to: `namespace`.',
    reply: linkResourceReply,
    statuses: [200],
  },
] as const satisfies readonly Route[]
