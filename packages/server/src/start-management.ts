import type { IncomingMessage } from 'node:http'
import type { Secret } from '@postern/program'
import type { IngressGrant } from './domain/ingress-grant.ts'
import type { IngressStatus } from './domain/ingress-status.ts'
import type { PlanLimitTable } from './domain/plan-limits.ts'
import { tenantId } from './domain/tenant.ts'
import { ArmDoor } from './gateway/management/arm-door.ts'
import { auditManagementCall } from './gateway/management/management-audit.ts'
import type { RelayParts } from './gateway/relay-parts.ts'
import type { Identity } from './identity/open-identity.ts'
import { RoleChanges } from './identity/roles/role-changes.ts'
import { admitAddress } from './management/admit-address.ts'
import { ArmRouter } from './management/arm-router.ts'
import { createHandlers } from './management/create-handlers.ts'
import { HcmRegistry } from './management/hcm/hcm-registry.ts'
import { Webhook } from './management/hcm/webhook.ts'
import type { ManagementParts } from './management/management-parts.ts'
import { routeTable } from './management/route-table.ts'
import { authenticateManagement } from './start-identity.ts'
import type { ResourceStore } from './storage/resource-store.ts'

/** The part of the relay's settings that the management API depends on. */
export interface ManagementConfig {
  readonly publicHost: string
  readonly baseDomain: string
  readonly hybridConnectionLimits: PlanLimitTable
  readonly ingressGrants: readonly IngressGrant[]
  /** Absent when a load balancer ends TLS. */
  readonly tls?: { readonly minVersion: 'TLSv1.2' | 'TLSv1.3' }
  readonly webhook?: { readonly url: string; readonly secret: Secret }
}

export interface StartManagementOptions {
  readonly settings: ManagementConfig
  readonly parts: RelayParts
  readonly store: ResourceStore
  readonly identity: Identity
  readonly ingressStatus: IngressStatus
  /** Filled when they are open. */
  readonly doors: readonly { readonly port: number | undefined }[]
  /** By which others reach the data door; known when that is open. */
  readonly dataPort: () => number
  /** `https://host[:port]` as the client wrote it. */
  readonly originOf: (request: IncomingMessage) => string
  /** What is to be stopped with the relay is added. */
  readonly stops: (() => void | Promise<void>)[]
}

/** Builds the management API behind the management door. */
export function startManagement(options: StartManagementOptions): ArmDoor {
  const { settings, parts, store, identity, dataPort, originOf } = options
  const { catalog, listeners, roles, guard, log } = parts
  const management: ManagementParts = {
    store,
    documents: catalog.documents,
    catalog,
    roles,
    roleChanges: new RoleChanges({ store, documents: catalog.documents, roles, now: () => new Date() }),
    identity,
    hcms: startHcmRegistry(options),
    listeners,
    audit: parts.audit,
    settings: {
      publicHost: settings.publicHost,
      baseDomain: settings.baseDomain,
      minTlsVersion: settings.tls?.minVersion === 'TLSv1.3' ? '1.3' : '1.2',
      endsTls: settings.tls !== undefined,
      hybridConnectionLimits: settings.hybridConnectionLimits,
      ingressGrants: settings.ingressGrants,
    },
    ingress: options.ingressStatus,
    doorPorts: () => options.doors.flatMap(({ port }) => port ?? []),
    dataPort,
    now: () => new Date(),
  }
  const router = new ArmRouter({
    routes: routeTable,
    handlers: createHandlers(management),
    authenticate: (token) => authenticateManagement(parts.tokens, token),
    roles,
    authorizationUri: (origin) => `${origin}/${tenantId}`,
    admitAddress: (match, address) => admitAddress({ catalog, guard }, match, address),
    onCall: (outcome) => auditManagementCall(parts, outcome),
    onUnexpected: (error, requestId) => log.error('management.failed', { error, requestId }),
  })
  return new ArmDoor({ router, originOf, bodyTimeoutMs: parts.limits.handshakeTimeoutMs, admit: parts.admit })
}

/** Watches over Hybrid Connection Managers, and tells the log and the webhook about them. */
function startHcmRegistry({ settings, parts, store, stops }: StartManagementOptions): HcmRegistry {
  const { catalog, log } = parts
  const webhook = settings.webhook && new Webhook({ ...settings.webhook, log })
  if (webhook) stops.push(() => webhook.close())
  const registry = new HcmRegistry({
    store,
    documents: catalog.documents,
    now: () => new Date(),
    onEvent: (event) => {
      const { id, name, address } = event.hcm
      log.info(event.event, { hcm: id, name, ...(address !== undefined && { address }) })
      webhook?.notify(event)
    },
    onError: (error) => log.error('hcm.watch-failed', { error }),
  })
  registry.start()
  stops.push(() => registry.close())
  return registry
}
