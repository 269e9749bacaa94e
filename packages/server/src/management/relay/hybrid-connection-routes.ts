import { actions } from '@postern/protocol'
import { z } from 'zod'
import type { Route } from '../route.ts'
import { listOf, resourceReply } from './relay-schemas.ts'

const namespace =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}'
const hybridConnections = `${namespace}/hybridConnections`
const hybridConnection = `${hybridConnections}/{hybridConnectionName}`

const settings = z
  .object({
    requiresClientAuthorization: z
      .boolean()
      .nullish()
      .meta({ description: 'False lets senders in without a token. True when left out of a PUT.' }),
    userMetadata: z.string().nullish().meta({
      description: 'Any text of at most 1,024 characters; an `endpoint` entry is where the listener connects to.',
    }),
    maxListeners: z
      .int()
      .min(1)
      .max(10_000)
      .nullish()
      .meta({ description: "Control channels at once; null for the relay's own limit. Not in Azure." }),
    httpResponseTimeoutMs: z
      .int()
      .min(1)
      .max(24 * 60 * 60 * 1000)
      .nullish()
      .meta({
        description:
          'How long a listener may take to begin an HTTP response; null for the limit of the relay. Not in Azure.',
      }),
    actions: z.array(z.enum(actions)).max(actions.length).nullish().meta({
      description:
        'What senders and subscribers may do; null for connect and request. send, publish and subscribe are for messages. Not in Azure.',
    }),
  })
  .nullish()

const hybridConnectionReply = z.object({
  ...resourceReply,
  location: z.string(),
  properties: z.object({
    createdAt: z.string(),
    updatedAt: z.string(),
    listenerCount: z.int(),
    requiresClientAuthorization: z.boolean(),
    userMetadata: z.string().optional(),
    maxListeners: z.int().optional(),
    httpResponseTimeoutMs: z.int().optional(),
    actions: z.array(z.enum(actions)).optional(),
  }),
  systemData: z.object({ createdAt: z.string(), lastModifiedAt: z.string() }).optional(),
})

const read = 'Microsoft.Relay/namespaces/hybridConnections/read'
const write = 'Microsoft.Relay/namespaces/hybridConnections/write'

/** Hybrid connections of a namespace. */
export const hybridConnectionRoutes = [
  {
    id: 'HybridConnections_ListByNamespace',
    method: 'GET',
    path: hybridConnections,
    versions: 'relay',
    access: { action: read },
    summary: 'Lists the hybrid connections of a namespace.',
    reply: listOf(hybridConnectionReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'HybridConnections_Get',
    method: 'GET',
    path: hybridConnection,
    versions: 'relay',
    access: { action: read },
    summary: 'Gets a hybrid connection.',
    reply: hybridConnectionReply,
    statuses: [200],
  },
  {
    id: 'HybridConnections_CreateOrUpdate',
    method: 'PUT',
    path: hybridConnection,
    versions: 'relay',
    access: { action: write },
    summary:
      'Creates a hybrid connection, or replaces its properties; what Azure does not have stays unless it is named.',
    body: z.object({ properties: settings }),
    reply: hybridConnectionReply,
    statuses: [200],
  },
  {
    id: 'HybridConnections_Update',
    method: 'PATCH',
    path: hybridConnection,
    versions: 'relay',
    access: { action: write },
    isExtension: true,
    summary: 'Changes some properties of a hybrid connection; `endpoint` changes the entry in userMetadata.',
    body: z.object({
      properties: z
        .object({
          ...settings.unwrap().unwrap().shape,
          endpoint: z.string().max(300).nullish().meta({
            description: '`host:port` to put into userMetadata, whose other entries stay; null takes it out.',
          }),
        })
        .nullish(),
    }),
    reply: hybridConnectionReply,
    statuses: [200],
  },
  {
    id: 'HybridConnections_Delete',
    method: 'DELETE',
    path: hybridConnection,
    versions: 'relay',
    access: { action: 'Microsoft.Relay/namespaces/hybridConnections/delete' },
    summary: 'Deletes a hybrid connection; its connections end.',
    statuses: [200, 204],
  },
] as const satisfies readonly Route[]
