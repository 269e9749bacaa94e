import { z } from 'zod'
import { locationSchema, tagsSchema } from '../resources/resource-routes.ts'
import type { Route } from '../route.ts'
import { listOf, privateEndpointConnectionReply, publicNetworkAccessSchema, resourceReply } from './relay-schemas.ts'

const subscription = '/subscriptions/{subscriptionId}'
const namespaces = `${subscription}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces`
const namespace = `${namespaces}/{namespaceName}`

const sku = z.object({ name: z.literal('Standard').nullish(), tier: z.literal('Standard').nullish() }).nullish()

const settings = z
  .object({
    publicNetworkAccess: publicNetworkAccessSchema.nullish(),
    minimumTlsVersion: z.enum(['1.2', '1.3']).nullish().meta({
      description: 'Of the whole relay, which its options set: only what it demands already is taken.',
    }),
  })
  .nullish()

const namespaceReply = z.object({
  ...resourceReply,
  location: z.string(),
  tags: tagsSchema,
  sku: z.object({ name: z.literal('Standard'), tier: z.literal('Standard') }),
  properties: z.object({
    provisioningState: z.enum(['Created', 'Succeeded']),
    status: z.enum(['Activating', 'Active', 'Removing']),
    createdAt: z.string(),
    updatedAt: z.string(),
    serviceBusEndpoint: z.string(),
    metricId: z.string(),
    privateEndpointConnections: z.array(privateEndpointConnectionReply).optional(),
    publicNetworkAccess: publicNetworkAccessSchema.optional(),
    minimumTlsVersion: z.enum(['1.2', '1.3']).optional(),
  }),
  systemData: z.object({ createdAt: z.string(), lastModifiedAt: z.string() }).optional(),
})

const read = 'Microsoft.Relay/namespaces/read'
const write = 'Microsoft.Relay/namespaces/write'

/** Namespaces of Microsoft.Relay, and what is asked before there is one. */
export const namespaceRoutes = [
  {
    id: 'RelayOperations_List',
    method: 'GET',
    path: '/providers/Microsoft.Relay/operations',
    versions: 'relay',
    access: { anyone: 'signedIn' },
    summary: 'Lists the actions of Microsoft.Relay that roles can allow.',
    reply: listOf(
      z.object({
        name: z.string(),
        isDataAction: z.boolean(),
        display: z.object({ provider: z.string(), resource: z.string(), operation: z.string() }),
      }),
    ),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Namespaces_CheckNameAvailability',
    method: 'POST',
    path: `${subscription}/providers/Microsoft.Relay/checkNameAvailability`,
    versions: 'relay',
    access: { action: 'Microsoft.Relay/checkNameAvailability/action' },
    summary: 'Tells whether a namespace can have a name; names are unique over all subscriptions.',
    body: z.object({ name: z.string().max(200) }),
    reply: z.object({ nameAvailable: z.boolean(), reason: z.string(), message: z.string().nullable() }),
    statuses: [200],
  },
  {
    id: 'Namespaces_List',
    method: 'GET',
    path: `${subscription}/providers/Microsoft.Relay/namespaces`,
    versions: 'relay',
    access: { anyone: 'signedIn' },
    summary: 'Lists the namespaces of a subscription that the caller may read.',
    reply: listOf(namespaceReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Namespaces_ListByResourceGroup',
    method: 'GET',
    path: namespaces,
    versions: 'relay',
    access: { anyone: 'signedIn' },
    summary: 'Lists the namespaces of a resource group that the caller may read.',
    reply: listOf(namespaceReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Namespaces_Get',
    method: 'GET',
    path: namespace,
    versions: 'relay',
    access: { action: read },
    summary: 'Gets a namespace.',
    reply: namespaceReply,
    statuses: [200],
  },
  {
    id: 'Namespaces_CreateOrUpdate',
    method: 'PUT',
    path: namespace,
    versions: 'relay',
    access: { action: write },
    summary: 'Creates a namespace with the rule RootManageSharedAccessKey, or replaces its tags.',
    body: z.object({
      location: locationSchema,
      tags: tagsSchema.nullish(),
      sku,
      properties: settings,
    }),
    reply: namespaceReply,
    statuses: [200, 201],
    isLongRunning: true,
  },
  {
    id: 'Namespaces_Update',
    method: 'PATCH',
    path: namespace,
    versions: 'relay',
    access: { action: write },
    summary: 'Changes tags or network access of a namespace.',
    body: z.object({ tags: tagsSchema.nullish(), sku, properties: settings }),
    reply: namespaceReply,
    statuses: [200],
  },
  {
    id: 'Namespaces_Delete',
    method: 'DELETE',
    path: namespace,
    versions: 'relay',
    access: { action: 'Microsoft.Relay/namespaces/delete' },
    summary: 'Deletes a namespace with everything in it.',
    statuses: [202, 204],
    isLongRunning: true,
  },
  {
    id: 'Namespaces_DeleteResult',
    method: 'GET',
    path: `${namespace}/operationresults/{operationId}`,
    versions: 'relay',
    access: { action: 'Microsoft.Relay/namespaces/operationresults/read', scope: namespace },
    summary: 'Tells whether a deletion is done: 202 while the namespace is there, then 200.',
    reply: namespaceReply,
    statuses: [200, 202],
    isLongRunning: true,
  },
] as const satisfies readonly Route[]
