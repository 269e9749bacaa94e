import { z } from 'zod'
import { locationSchema, tagsSchema } from '../resources/resource-routes.ts'

const shortText = z.string().max(64)

const skuBody = z.object({
  name: shortText.nullish(),
  tier: shortText.nullish(),
  capacity: z.number().int().min(0).max(1000).nullish(),
})

export const planBody = z.object({
  location: locationSchema,
  kind: shortText.nullish(),
  tags: tagsSchema.nullish(),
  sku: skuBody.nullish(),
  properties: z.object({ reserved: z.boolean().nullish() }).nullish(),
})

export const planPatchBody = planBody.partial()

export const planReply = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal('Microsoft.Web/serverfarms'),
  kind: z.string(),
  location: z.string(),
  tags: tagsSchema,
  properties: z.object({
    name: z.string(),
    status: z.literal('Ready'),
    provisioningState: z.literal('Succeeded'),
    subscription: z.string(),
    resourceGroup: z.string(),
    geoRegion: z.string(),
    numberOfSites: z.number().int(),
    numberOfWorkers: z.number().int(),
    reserved: z.boolean(),
  }),
  sku: z.object({
    name: z.string(),
    tier: z.string(),
    size: z.string(),
    family: z.string(),
    capacity: z.number().int(),
  }),
})

const identityBody = z.object({ type: z.string().max(64) })

export const siteBody = z.object({
  location: locationSchema,
  kind: shortText.nullish(),
  tags: tagsSchema.nullish(),
  identity: identityBody.nullish(),
  properties: z.object({ serverFarmId: z.string().max(1024).nullish() }).nullish(),
})

export const sitePatchBody = siteBody.partial()

export const siteReply = z.object({
  id: z.string(),
  name: z.string(),
  type: z.enum(['Microsoft.Web/sites', 'Microsoft.Web/sites/slots']),
  kind: z.string(),
  location: z.string(),
  tags: tagsSchema,
  identity: z.object({ type: z.literal('SystemAssigned'), principalId: z.string(), tenantId: z.string() }).optional(),
  properties: z.object({
    name: z.string(),
    state: z.literal('Running'),
    enabled: z.literal(true),
    usageState: z.literal('Normal'),
    availabilityState: z.literal('Normal'),
    provisioningState: z.literal('Succeeded'),
    serverFarmId: z.string(),
    resourceGroup: z.string(),
    repositorySiteName: z.string(),
    defaultHostName: z.string(),
    hostNames: z.array(z.string()),
    enabledHostNames: z.array(z.string()),
    hostNameSslStates: z.array(z.unknown()),
    reserved: z.boolean(),
    lastModifiedTimeUtc: z.string(),
  }),
})

const portNumber = z.number().int().min(0).max(65_535)
/** azurerm sends 0 for "whatever it is", az 2.91 a text (observed). */
const portBody = z.union([
  portNumber,
  z
    .string()
    .regex(/^\d{1,5}$/, 'must be a number')
    .transform(Number)
    .pipe(portNumber),
])

/** Members that clients send and that count for nothing, such as `serviceBusSuffix`, are not here. */
const relayProperties = z.object({
  serviceBusNamespace: z.string().max(64).nullish(),
  relayName: z.string().max(512).nullish(),
  relayArmUri: z.string().max(2048).nullish(),
  hostname: z.string().max(512).nullish(),
  port: portBody.nullish(),
  sendKeyName: z.string().max(256).nullish(),
  /** Answers say "", and clients send back what they read. */
  sendKeyValue: z.string().max(512).nullish(),
})

export const relayBody = z.object({ properties: relayProperties })

export const relayReply = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  location: z.string(),
  properties: z.object({
    serviceBusNamespace: z.string(),
    serviceBusSuffix: z.string(),
    relayName: z.string(),
    relayArmUri: z.string(),
    hostname: z.string(),
    port: z.number().int(),
    sendKeyName: z.string(),
    sendKeyValue: z.literal(''),
    status: z.enum(['Connected', 'NotConnected']).describe('Connected: at least one listener is registered. Ours.'),
    target: z
      .enum(['Reachable', 'Unreachable', 'Unknown'])
      .describe('What Hybrid Connection Managers say of it. Ours.'),
    listenerCount: z.number().int().describe('Ours.'),
    hcmCount: z.number().int().describe('Hybrid Connection Managers that report this one. Ours.'),
    warning: z.string().optional().describe('What may be wrong with it, for people. Ours.'),
  }),
})

export const keysReply = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  properties: z.object({ sendKeyName: z.string(), sendKeyValue: z.string() }),
})

export const gatewayKeysReply = z.object({
  keyName: z.string(),
  gatewayConnectionString: z.string(),
})

export const credentialReply = z.object({
  credentialId: z.string(),
  displayName: z.string(),
  createdOn: z.string(),
  expiresOn: z.string().optional(),
})

export const newCredentialReply = z.object({
  credentialId: z.string(),
  tenantId: z.string(),
  clientId: z.string(),
  principalId: z.string(),
  clientSecret: z.string(),
  tokenEndpoint: z.string(),
  scope: z.string(),
})

export const ownReply = z.object({
  revision: z.string().describe('The same as the ETag and the id of the event'),
  app: z.object({ id: z.string(), name: z.string(), slot: z.string().optional() }),
  value: z.array(
    z.object({
      id: z.string(),
      namespace: z.string(),
      name: z.string(),
      endpoint: z.object({ host: z.string(), port: z.number().int() }),
      dataDoor: z.string().describe('wss://host[:port]'),
      connectionString: z.string(),
    }),
  ),
})

export const limitReply = z.object({
  id: z.string(),
  name: z.literal('limit'),
  type: z.literal('Microsoft.Web/serverfarms/hybridConnectionPlanLimits'),
  properties: z.object({ current: z.number().int(), maximum: z.number().int() }),
})

export const nameAvailabilityBody = z.object({ name: z.string().max(256), type: shortText.nullish() })

export const nameAvailabilityReply = z.object({
  nameAvailable: z.boolean(),
  reason: z.enum(['', 'AlreadyExists', 'Invalid']),
  message: z.string(),
})

export function listOf<Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ value: z.ZodArray<Item>; nextLink: z.ZodNullable<z.ZodOptional<z.ZodString>> }> {
  return z.object({ value: z.array(item), nextLink: z.string().optional().nullable() })
}
