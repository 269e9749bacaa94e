import { z } from 'zod'
import type { Route } from '../route.ts'

const subscription = '/subscriptions/{subscriptionId}'
const resourceGroup = `${subscription}/resourcegroups/{resourceGroupName}`

export const tagsSchema = z
  .record(z.string().min(1).max(512), z.string().max(256))
  .refine((tags) => Object.keys(tags).length <= 50, 'must have at most 50 entries')

export const locationSchema = z.string().trim().min(1).max(64)

const subscriptionReply = z.object({
  id: z.string(),
  subscriptionId: z.string(),
  tenantId: z.string(),
  displayName: z.string(),
  state: z.literal('Enabled'),
  authorizationSource: z.literal('RoleBased'),
})

const tenantReply = z.object({ id: z.string(), tenantId: z.string(), displayName: z.string() })

const groupReply = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal('Microsoft.Resources/resourceGroups'),
  location: z.string(),
  tags: tagsSchema,
  properties: z.object({ provisioningState: z.literal('Succeeded') }),
})

const resourceReply = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  location: z.string(),
  tags: tagsSchema,
})

const providerReply = z.object({
  id: z.string(),
  namespace: z.string(),
  registrationState: z.literal('Registered'),
  registrationPolicy: z.literal('RegistrationFree'),
  resourceTypes: z.array(
    z.object({ resourceType: z.string(), locations: z.array(z.string()), apiVersions: z.array(z.string()) }),
  ),
})

const list = <Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ value: z.ZodArray<Item>; nextLink: z.ZodOptional<z.ZodString> }> =>
  z.object({ value: z.array(item), nextLink: z.string().optional() })

const groupRead = 'Microsoft.Resources/subscriptions/resourceGroups/read'
const groupWrite = 'Microsoft.Resources/subscriptions/resourceGroups/write'

/** Subscriptions, resource groups, providers, and what clients ask before they know anything. */
export const resourceRoutes = [
  {
    id: 'Metadata_Endpoints',
    method: 'GET',
    path: '/metadata/endpoints',
    versions: 'resources',
    access: { anyone: 'stranger' },
    summary: 'Where clients find the parts of this cloud: `az cloud register`, Terraform.',
    reply: z.unknown(),
    statuses: [200],
  },
  {
    id: 'Tenants_List',
    method: 'GET',
    path: '/tenants',
    versions: 'resources',
    access: { anyone: 'signedIn' },
    summary: 'Lists the one tenant.',
    reply: list(tenantReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Subscriptions_List',
    method: 'GET',
    path: '/subscriptions',
    versions: 'resources',
    access: { anyone: 'signedIn' },
    summary: 'Lists the subscriptions in which the caller may read anything.',
    reply: list(subscriptionReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Subscriptions_Get',
    method: 'GET',
    path: subscription,
    versions: 'resources',
    access: { anyone: 'signedIn' },
    summary: 'Gets a subscription in which the caller may read anything.',
    reply: subscriptionReply,
    statuses: [200],
  },
  {
    id: 'Subscriptions_ListLocations',
    method: 'GET',
    path: `${subscription}/locations`,
    versions: 'resources',
    access: { anyone: 'signedIn' },
    summary: 'Lists the locations in use; any other text is a location too.',
    reply: list(z.object({ id: z.string(), name: z.string(), displayName: z.string() })),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'ResourceGroups_List',
    method: 'GET',
    path: `${subscription}/resourcegroups`,
    versions: 'resources',
    access: { anyone: 'signedIn' },
    summary: 'Lists the resource groups that the caller may read.',
    reply: list(groupReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'ResourceGroups_Get',
    method: 'GET',
    path: resourceGroup,
    versions: 'resources',
    access: { action: groupRead },
    summary: 'Gets a resource group.',
    reply: groupReply,
    statuses: [200],
  },
  {
    id: 'ResourceGroups_CheckExistence',
    method: 'HEAD',
    path: resourceGroup,
    versions: 'resources',
    access: { action: groupRead },
    summary: 'Tells by 204 or 404 whether a resource group is there.',
    statuses: [204],
  },
  {
    id: 'ResourceGroups_CreateOrUpdate',
    method: 'PUT',
    path: resourceGroup,
    versions: 'resources',
    access: { action: groupWrite },
    summary: 'Creates a resource group, or replaces its tags.',
    body: z.object({ location: locationSchema, tags: tagsSchema.nullish() }),
    reply: groupReply,
    statuses: [200, 201],
  },
  {
    id: 'ResourceGroups_Update',
    method: 'PATCH',
    path: resourceGroup,
    versions: 'resources',
    access: { action: groupWrite },
    summary: 'Changes the tags of a resource group.',
    body: z.object({ tags: tagsSchema.nullish() }),
    reply: groupReply,
    statuses: [200],
  },
  {
    id: 'ResourceGroups_Delete',
    method: 'DELETE',
    path: resourceGroup,
    versions: 'resources',
    access: { action: 'Microsoft.Resources/subscriptions/resourceGroups/delete' },
    summary: 'Deletes a resource group with everything in it.',
    statuses: [200, 202],
    isLongRunning: true,
  },
  {
    id: 'ResourceGroups_DeleteResult',
    method: 'GET',
    path: `${subscription}/operationresults/{operationId}`,
    versions: 'resources',
    access: { anyone: 'signedIn' },
    summary: 'Tells that a deletion is done: it is, as soon as it has been answered.',
    statuses: [200],
  },
  {
    id: 'Resources_List',
    method: 'GET',
    path: `${subscription}/resources`,
    versions: 'resources',
    access: { anyone: 'signedIn' },
    summary: 'Lists the namespaces, plans and apps of a subscription that the caller may read.',
    query: { $filter: "resourceType eq 'Microsoft.Relay/namespaces' and resourceGroup eq 'NAME'; one or both" },
    reply: list(resourceReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Resources_ListByResourceGroup',
    method: 'GET',
    path: `${resourceGroup}/resources`,
    versions: 'resources',
    access: { action: 'Microsoft.Resources/subscriptions/resourceGroups/resources/read' },
    summary: 'Lists the namespaces, plans and apps of a resource group.',
    reply: list(resourceReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Providers_List',
    method: 'GET',
    path: `${subscription}/providers`,
    versions: 'resources',
    access: { anyone: 'signedIn' },
    summary: 'Lists the resource providers with their types and api-versions.',
    reply: list(providerReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Providers_Get',
    method: 'GET',
    path: `${subscription}/providers/{resourceProviderNamespace}`,
    versions: 'resources',
    access: { anyone: 'signedIn' },
    summary: 'Gets a resource provider: always registered.',
    reply: providerReply,
    statuses: [200],
  },
  {
    id: 'Providers_Register',
    method: 'POST',
    path: `${subscription}/providers/{resourceProviderNamespace}/register`,
    versions: 'resources',
    access: { anyone: 'signedIn' },
    summary: 'Does nothing: every provider is registered.',
    reply: providerReply,
    statuses: [200],
  },
] as const satisfies readonly Route[]
