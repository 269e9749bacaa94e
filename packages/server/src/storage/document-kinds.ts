import { Secret } from '@postern/program'
import { actions, isRight } from '@postern/protocol'
import { z } from 'zod'
import type { App } from '../domain/app.ts'
import type { AuthorizationRule } from '../domain/authorization-rule.ts'
import type { DirectoryPrincipal } from '../domain/directory-principal.ts'
import type { Hcm, HcmEnrolment } from '../domain/hcm.ts'
import type { HybridConnection } from '../domain/hybrid-connection.ts'
import type { ManagedIngress } from '../domain/managed-ingress.ts'
import type { Namespace } from '../domain/namespace.ts'
import type { NamespaceUsage } from '../domain/namespace-usage.ts'
import { openNetworkAccess } from '../domain/network-access.ts'
import type { Plan } from '../domain/plan.ts'
import type { RefreshSession } from '../domain/refresh-session.ts'
import type { ResourceGroup } from '../domain/resource-group.ts'
import { defaultPlacement } from '../domain/resource-placement.ts'
import type { RoleAssignment, RoleDefinition } from '../domain/role.ts'
import type { SigningKey } from '../domain/signing-key.ts'

/** Everything that a store can hold: kind to value. */
export interface DocumentValues {
  readonly namespace: Namespace
  readonly hybridConnection: HybridConnection
  readonly ingress: ManagedIngress
  readonly resourceGroup: ResourceGroup
  readonly plan: Plan
  readonly app: App
  readonly roleDefinition: RoleDefinition
  readonly roleAssignment: RoleAssignment
  readonly principal: DirectoryPrincipal
  readonly signingKey: SigningKey
  readonly refreshSession: RefreshSession
  readonly hcm: Hcm
  readonly hcmEnrolment: HcmEnrolment
  readonly namespaceUsage: NamespaceUsage
}

export type DocumentKind = keyof DocumentValues

/** How documents of one kind are named and read. */
export interface DocumentKindEntry<Value> {
  /** First part of the key. */
  readonly prefix: string
  /** The other parts of the key; names may hold slashes only in the last one. Keys are lower case. */
  readonly path: (value: Value) => readonly string[]
  /** Reads what JSON made of a value; secrets have been opened before. Members that were added later have defaults. */
  readonly schema: z.ZodType<Value>
}

const date = z.iso.datetime().transform((text) => new Date(text))
const dates = { createdAt: date, updatedAt: date }
const secret = z.instanceof(Secret)

const placement = {
  subscriptionId: z.string().default(defaultPlacement.subscriptionId),
  resourceGroup: z.string().default(defaultPlacement.resourceGroup),
  location: z.string().default(defaultPlacement.location),
  tags: z.record(z.string(), z.string()).default({}),
}

const rules: z.ZodType<AuthorizationRule[]> = z.array(
  z.object({
    name: z.string(),
    rights: z.array(z.string().refine(isRight)),
    primaryKey: secret,
    secondaryKey: secret,
  }),
)

const action = z.enum(['Allow', 'Deny'])
const activity = z.enum(['listen', 'send', 'manage'])

const network = z.object({
  publicNetworkAccess: z.enum(['Enabled', 'Disabled']),
  defaultAction: action,
  defaultActions: z.object({
    listen: action.exactOptional(),
    send: action.exactOptional(),
    manage: action.exactOptional(),
  }),
  rules: z.array(z.object({ ipMask: z.string(), appliesTo: z.array(activity).exactOptional() })),
  trustedServiceAccessEnabled: z.boolean(),
})

const privateEndpointConnection = z.object({
  name: z.string(),
  privateEndpointId: z.string(),
  status: z.enum(['Pending', 'Approved', 'Rejected', 'Disconnected']),
  description: z.string(),
})

const textList = z.array(z.string())

const ingressOidc = z.object({
  issuer: z.string(),
  clientId: z.string(),
  clientSecretFile: z.string().exactOptional(),
  clientAuthentication: z.enum(['basic', 'post']),
  scopes: textList,
  allowed: z.union([
    z.literal('anyone'),
    // Strict: a rule that is not known must not be left out.
    z.strictObject({
      emails: textList.exactOptional(),
      domains: textList.exactOptional(),
      groups: textList.exactOptional(),
      claims: z.record(z.string(), textList).exactOptional(),
    }),
  ]),
  groupsClaim: z.string(),
  trustUnverifiedEmail: z.boolean(),
  sessionLifetimeMs: z.number(),
  tellTarget: z.boolean(),
  tlsEndsInFront: z.boolean(),
})

const ingressEntry = z.object({
  name: z.string(),
  hybridConnection: z.string(),
  protocol: z.enum(['tcp', 'udp']),
  address: z.string().exactOptional(),
  port: z.number(),
  sni: z.array(z.string()).exactOptional(),
  hosts: z.array(z.string()).exactOptional(),
  tls: z.enum(['pass', 'terminate']),
  framing: z.enum(['raw', 'azbridge']),
  target: z.string().exactOptional(),
  portName: z.string().exactOptional(),
  access: z.enum(['open', 'guarded']),
  allow: z.array(z.string()).exactOptional(),
  clientCertificates: z.string().exactOptional(),
  clientAuthorityPem: z.string().exactOptional(),
  certificate: z.object({ certPem: z.string(), keyPem: secret }).exactOptional(),
  users: z.array(z.object({ name: z.string(), passwordHash: z.string() })).exactOptional(),
  oidc: ingressOidc.exactOptional(),
  maxConnections: z.number(),
  maxConnectionsPerSource: z.number(),
  connectionsPerSecondPerSource: z.number(),
  proxyProtocol: z.literal('v2').exactOptional(),
  trustedProxies: z.array(z.string()).exactOptional(),
})

const appHybridConnection = z.object({
  namespace: z.string(),
  relayName: z.string(),
  relayArmUri: z.string(),
  sendKeyName: z.string(),
  sendKeyScope: z.enum(['hybridConnection', 'namespace']).default('hybridConnection'),
  sendKey: z.enum(['primary', 'secondary']),
  attachedAt: date,
})

const deployment = {
  hybridConnections: z.array(appHybridConnection),
  principalId: z.string().exactOptional(),
}

const credential = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('password'),
    id: z.string(),
    displayName: z.string(),
    hash: z.string(),
    createdAt: date,
    expiresAt: date.exactOptional(),
  }),
  z.object({
    kind: z.literal('key'),
    id: z.string(),
    displayName: z.string(),
    publicKey: z.string(),
    thumbprint: z.string().exactOptional(),
    createdAt: date,
    expiresAt: date.exactOptional(),
  }),
])

const texts = z.array(z.string())

/** The one table of what is stored and how. */
export const documentKinds: { readonly [Kind in DocumentKind]: DocumentKindEntry<DocumentValues[Kind]> } = {
  namespace: {
    prefix: 'ns',
    path: ({ name }) => [name],
    schema: z.object({
      ...placement,
      name: z.string(),
      hosts: texts,
      isDefault: z.boolean(),
      rules,
      network: network.default({ ...openNetworkAccess, defaultActions: {}, rules: [] }),
      privateEndpointConnections: z.array(privateEndpointConnection).default([]),
      ingress: z.array(ingressEntry).default([]),
      ...dates,
    }),
  },
  hybridConnection: {
    prefix: 'hc',
    path: ({ namespace, name }) => [namespace, name],
    schema: z.object({
      namespace: z.string(),
      name: z.string(),
      requiresClientAuthorization: z.boolean(),
      userMetadata: z.string().exactOptional(),
      rules,
      httpResponseTimeoutMs: z.number().exactOptional(),
      maxListeners: z.number().exactOptional(),
      actions: z.array(z.enum(actions)).exactOptional(),
      ...dates,
    }),
  },
  ingress: {
    prefix: 'ingress',
    path: ({ namespace, name }) => [namespace, name],
    schema: z.object({ namespace: z.string(), name: z.string(), entry: ingressEntry, ...dates }),
  },
  resourceGroup: {
    prefix: 'rg',
    path: ({ subscriptionId, name }) => [subscriptionId, name],
    schema: z.object({
      subscriptionId: z.string(),
      name: z.string(),
      location: z.string(),
      tags: placement.tags,
      ...dates,
    }),
  },
  plan: {
    prefix: 'plan',
    path: ({ subscriptionId, resourceGroup, name }) => [subscriptionId, resourceGroup, name],
    schema: z.object({
      ...placement,
      name: z.string(),
      kind: z.string().exactOptional(),
      sku: z.string(),
      tier: z.enum([
        'Free',
        'Shared',
        'Dynamic',
        'Basic',
        'Standard',
        'Premium',
        'PremiumV2',
        'PremiumV3',
        'PremiumV4',
        'ElasticPremium',
        'Isolated',
        'IsolatedV2',
      ]),
      capacity: z.number(),
      ...dates,
    }),
  },
  app: {
    prefix: 'app',
    path: ({ subscriptionId, resourceGroup, name }) => [subscriptionId, resourceGroup, name],
    schema: z.object({
      ...placement,
      name: z.string(),
      kind: z.string().exactOptional(),
      planId: z.string(),
      ...deployment,
      slots: z.array(z.object({ name: z.string(), ...deployment })),
      ...dates,
    }),
  },
  roleDefinition: {
    prefix: 'roledefinition',
    path: ({ id }) => [id],
    schema: z.object({
      id: z.string(),
      roleName: z.string(),
      description: z.string(),
      permissions: z.array(z.object({ actions: texts, notActions: texts, dataActions: texts, notDataActions: texts })),
      assignableScopes: texts,
      createdBy: z.string().exactOptional(),
      updatedBy: z.string().exactOptional(),
      ...dates,
    }),
  },
  roleAssignment: {
    prefix: 'roleassignment',
    path: ({ id }) => [id],
    schema: z.object({
      id: z.string(),
      scope: z.string(),
      roleDefinitionId: z.string(),
      principalId: z.string(),
      principalType: z.enum(['User', 'Group', 'ServicePrincipal']),
      description: z.string().exactOptional(),
      createdBy: z.string(),
      updatedBy: z.string().exactOptional(),
      ...dates,
    }),
  },
  principal: {
    prefix: 'principal',
    path: ({ id }) => [id],
    schema: z.object({
      id: z.string(),
      clientId: z.string(),
      kind: z.enum(['servicePrincipal', 'user', 'app', 'hcm']),
      displayName: z.string(),
      signInName: z.string().exactOptional(),
      credentials: z.array(credential),
      isEnabled: z.boolean(),
      ...dates,
    }),
  },
  signingKey: {
    prefix: 'signingkey',
    path: ({ id }) => [id],
    schema: z.object({ id: z.string(), algorithm: z.literal('ES256'), privateJwk: secret, ...dates }),
  },
  refreshSession: {
    prefix: 'refreshsession',
    path: ({ principalId, id }) => [principalId, id],
    schema: z.object({
      id: z.string(),
      principalId: z.string(),
      clientId: z.string(),
      secretHash: z.string(),
      previousHash: z.string().exactOptional(),
      credentialsStamp: z.string(),
      expiresAt: date,
      endsAt: date,
      ...dates,
    }),
  },
  hcm: {
    prefix: 'hcm',
    path: ({ id }) => [id],
    schema: z.object({
      id: z.string(),
      name: z.string(),
      subscriptionId: z.string(),
      principalId: z.string(),
      version: z.string().exactOptional(),
      address: z.string().exactOptional(),
      lastSeenAt: date.exactOptional(),
      isOnline: z.boolean().exactOptional(),
      entities: z.array(
        z.object({
          namespace: z.string(),
          name: z.string(),
          target: z.enum(['Reachable', 'Unreachable', 'Unknown']),
          lastError: z.string().exactOptional(),
          since: date,
        }),
      ),
      ...dates,
    }),
  },
  hcmEnrolment: {
    prefix: 'hcmenrolment',
    path: ({ id }) => [id],
    schema: z.object({
      id: z.string(),
      subscriptionId: z.string(),
      secretHash: z.string(),
      hybridConnections: texts,
      createdBy: z.string(),
      expiresAt: date,
      ...dates,
    }),
  },
  namespaceUsage: {
    prefix: 'usage',
    path: ({ namespace, month }) => [namespace, month],
    schema: z.object({
      namespace: z.string(),
      month: z.string(),
      entities: z.record(
        z.string(),
        z.object({
          listenerSeconds: z.number(),
          peakListeners: z.number(),
          bytes: z.number(),
          connections: z.number(),
        }),
      ),
      ...dates,
    }),
  },
}

/** The key of a document: its kind's prefix and its path, lower case. */
export function documentKeyOf<Kind extends DocumentKind>(kind: Kind, value: DocumentValues[Kind]): string {
  return keyOfPath(kind, documentKinds[kind].path(value))
}

/** The key that stands for names, for example `keyOfPath('plan', [subscription, group, name])`. */
export function keyOfPath(kind: DocumentKind, path: readonly string[]): string {
  return [documentKinds[kind].prefix, ...path].join('/').toLowerCase()
}
