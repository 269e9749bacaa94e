import { z } from 'zod'
import type { Route } from '../route.ts'
import { listOf, resourceReply, rightsSchema } from './relay-schemas.ts'

const namespace =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}'
const ofNamespace = `${namespace}/authorizationRules`
const ofEntity = `${namespace}/hybridConnections/{hybridConnectionName}/authorizationRules`
const actions = 'Microsoft.Relay/namespaces/authorizationRules'
const entityActions = 'Microsoft.Relay/namespaces/hybridConnections/authorizationRules'

const body = z.object({ properties: z.object({ rights: rightsSchema }) })

const ruleReply = z.object({
  ...resourceReply,
  location: z.string(),
  properties: z.object({ rights: rightsSchema }),
})

const regenerateBody = z.object({
  keyType: z
    .string()
    .regex(/^(primary|secondary)key$/i, 'must be PrimaryKey or SecondaryKey')
    .meta({ description: 'PrimaryKey or SecondaryKey.' }),
  key: z.string().max(1024).nullish().meta({
    description: 'Key of your own: 1 to 256 printable ASCII characters without spaces and ";". Made when left out.',
  }),
})

const keysReply = z.object({
  primaryConnectionString: z.string(),
  secondaryConnectionString: z.string(),
  primaryKey: z.string(),
  secondaryKey: z.string(),
  keyName: z.string(),
})

/** Authorization rules of namespaces and of hybrid connections, and their keys. */
export const authorizationRuleRoutes = [
  {
    id: 'Namespaces_ListAuthorizationRules',
    method: 'GET',
    path: ofNamespace,
    versions: 'relay',
    access: { action: `${actions}/read` },
    summary: 'Lists the authorization rules of a namespace, without keys.',
    reply: listOf(ruleReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Namespaces_GetAuthorizationRule',
    method: 'GET',
    path: `${ofNamespace}/{authorizationRuleName}`,
    versions: 'relay',
    access: { action: `${actions}/read` },
    summary: 'Gets an authorization rule of a namespace, without keys.',
    reply: ruleReply,
    statuses: [200],
  },
  {
    id: 'Namespaces_CreateOrUpdateAuthorizationRule',
    method: 'PUT',
    path: `${ofNamespace}/{authorizationRuleName}`,
    versions: 'relay',
    access: { action: `${actions}/write` },
    summary: 'Creates an authorization rule of a namespace with new keys, or replaces its rights.',
    body,
    reply: ruleReply,
    statuses: [200],
  },
  {
    id: 'Namespaces_DeleteAuthorizationRule',
    method: 'DELETE',
    path: `${ofNamespace}/{authorizationRuleName}`,
    versions: 'relay',
    access: { action: `${actions}/delete` },
    summary: 'Deletes an authorization rule of a namespace; listeners that came in by it are closed.',
    statuses: [200, 204],
  },
  {
    id: 'Namespaces_ListKeys',
    method: 'POST',
    path: `${ofNamespace}/{authorizationRuleName}/listKeys`,
    versions: 'relay',
    access: { action: `${actions}/listKeys/action` },
    summary: 'Gets keys and connection strings of an authorization rule of a namespace.',
    reply: keysReply,
    statuses: [200],
  },
  {
    id: 'Namespaces_RegenerateKeys',
    method: 'POST',
    path: `${ofNamespace}/{authorizationRuleName}/regenerateKeys`,
    versions: 'relay',
    access: { action: `${actions}/regenerateKeys/action` },
    summary: 'Replaces a key of an authorization rule of a namespace; listeners that came in by it are closed.',
    body: regenerateBody,
    reply: keysReply,
    statuses: [200],
  },
  {
    id: 'HybridConnections_ListAuthorizationRules',
    method: 'GET',
    path: ofEntity,
    versions: 'relay',
    access: { action: `${entityActions}/read` },
    summary: 'Lists the authorization rules of a hybrid connection, without keys.',
    reply: listOf(ruleReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'HybridConnections_GetAuthorizationRule',
    method: 'GET',
    path: `${ofEntity}/{authorizationRuleName}`,
    versions: 'relay',
    access: { action: `${entityActions}/read` },
    summary: 'Gets an authorization rule of a hybrid connection, without keys.',
    reply: ruleReply,
    statuses: [200],
  },
  {
    id: 'HybridConnections_CreateOrUpdateAuthorizationRule',
    method: 'PUT',
    path: `${ofEntity}/{authorizationRuleName}`,
    versions: 'relay',
    access: { action: `${entityActions}/write` },
    summary: 'Creates an authorization rule of a hybrid connection with new keys, or replaces its rights.',
    body,
    reply: ruleReply,
    statuses: [200],
  },
  {
    id: 'HybridConnections_DeleteAuthorizationRule',
    method: 'DELETE',
    path: `${ofEntity}/{authorizationRuleName}`,
    versions: 'relay',
    access: { action: `${entityActions}/delete` },
    summary: 'Deletes an authorization rule of a hybrid connection; listeners that came in by it are closed.',
    statuses: [200, 204],
  },
  {
    id: 'HybridConnections_ListKeys',
    method: 'POST',
    path: `${ofEntity}/{authorizationRuleName}/listKeys`,
    versions: 'relay',
    access: { action: `${entityActions}/listKeys/action` },
    summary: 'Gets keys and connection strings of an authorization rule of a hybrid connection.',
    reply: keysReply,
    statuses: [200],
  },
  {
    id: 'HybridConnections_RegenerateKeys',
    method: 'POST',
    path: `${ofEntity}/{authorizationRuleName}/regenerateKeys`,
    versions: 'relay',
    access: { action: `${entityActions}/regenerateKeys/action` },
    summary: 'Replaces a key of an authorization rule of a hybrid connection; listeners that came in by it are closed.',
    body: regenerateBody,
    reply: keysReply,
    statuses: [200],
  },
] as const satisfies readonly Route[]
