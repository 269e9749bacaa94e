import { z } from 'zod'

/** Names and versions are shown to people. */
const shown = (maximum: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(maximum)
    .regex(/^\P{Cc}*$/u, 'must have no control characters')

export const hcmNameSchema = shown(128)
export const hcmVersionSchema = shown(64)
/** Azure's longest resource id has about a thousand characters with the longest names. */
export const hybridConnectionIdSchema = z.string().min(1).max(1024)
/** A site serves some dozen; each is a role assignment. */
export const hybridConnectionIdsSchema = z.array(hybridConnectionIdSchema).min(1).max(100)
/** PEM of a public key or certificate: RSA of 8192 bits has some 1500 characters. */
export const publicKeySchema = z.string().min(1).max(16_384)

export const targetSchema = z.enum(['Reachable', 'Unreachable', 'Unknown'])

/** What an HCM may report at once: as many hybrid connections as it may have, and some that it lost. */
export const reportedEntitiesSchema = z
  .array(
    z.object({
      namespace: z.string().min(1).max(64),
      name: z.string().min(1).max(260),
      target: targetSchema,
      lastError: z.string().max(512).nullish(),
    }),
  )
  .max(500)

export const servedEntityReply = z.object({
  id: z.string(),
  namespace: z.string(),
  name: z.string(),
  serviceBusEndpoint: z.string(),
  userMetadata: z.string().optional(),
  endpoint: z.string().optional(),
})

/** What an HCM is answered when it enrols: all that it needs to sign in, to listen and to report. */
export const enrolledReply = z.object({
  hcmId: z.string(),
  name: z.string(),
  principalId: z.string(),
  clientId: z.string(),
  tenantId: z.string(),
  tokenEndpoint: z.string(),
  scopes: z.object({ management: z.string(), relay: z.string() }),
  heartbeatSeconds: z.number(),
  hybridConnections: z.array(servedEntityReply),
})

export const selfReply = z.object({
  hcmId: z.string(),
  name: z.string(),
  heartbeatSeconds: z.number(),
  hybridConnections: z.array(servedEntityReply),
})

export const hcmReply = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal('Postern.Management/hcms'),
  properties: z.object({
    hcmId: z.string(),
    displayName: z.string(),
    principalId: z.string(),
    status: z.enum(['Online', 'Offline', 'NeverSeen']),
    version: z.string().optional(),
    address: z.string().optional(),
    lastSeenAt: z.string().optional(),
    createdOn: z.string(),
    hybridConnections: z.array(
      servedEntityReply.extend({
        target: targetSchema,
        lastError: z.string().optional(),
        since: z.string().optional(),
      }),
    ),
  }),
})

export const enrolmentReply = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal('Postern.Management/hcmEnrolments'),
  properties: z.object({
    hybridConnections: z.array(z.string()),
    createdBy: z.string(),
    createdOn: z.string(),
    expiresOn: z.string(),
    token: z.string().optional(),
  }),
})
