import type { Hcm, HcmEnrolment } from '../../domain/hcm.ts'
import { entityKey } from '../../domain/hybrid-connection.ts'
import { tenantId } from '../../domain/tenant.ts'
import type { ArmCall } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { heartbeatMs } from './hcm-registry.ts'
import { keyOf, servedEntities, servedEntityJson } from './served-hybrid-connections.ts'

const heartbeatSeconds = heartbeatMs / 1000

/** A Hybrid Connection Manager as those who look after it see it. */
export function hcmJson(parts: ManagementParts, hcm: Hcm): unknown {
  const { id, name, subscriptionId, principalId, version, address, isOnline, createdAt, entities } = hcm
  const lastSeenAt = parts.hcms.lastSeenAt(hcm)
  const reports = new Map(entities.map((report) => [String(entityKey(report.namespace, report.name)), report]))
  return {
    id: `/subscriptions/${subscriptionId}/providers/Postern.Management/hcms/${id}`,
    name: id,
    type: 'Postern.Management/hcms',
    properties: {
      hcmId: id,
      displayName: name,
      principalId,
      status: isOnline === undefined ? 'NeverSeen' : isOnline ? 'Online' : 'Offline',
      ...(version !== undefined && { version }),
      ...(address !== undefined && { address }),
      ...(lastSeenAt && { lastSeenAt: lastSeenAt.toISOString() }),
      createdOn: createdAt.toISOString(),
      hybridConnections: servedEntities(parts, principalId).map((served) => {
        const report = reports.get(keyOf(served))
        return {
          ...(servedEntityJson(parts, served) as object),
          // What an HCM said before it fell silent is no state of now.
          target: isOnline === true ? (report?.target ?? 'Unknown') : 'Unknown',
          ...(report?.lastError !== undefined && { lastError: report.lastError }),
          ...(report && { since: report.since.toISOString() }),
        }
      }),
    },
  }
}

/** What a Hybrid Connection Manager is told about itself. */
export function selfJson(parts: ManagementParts, { id, name, principalId }: Hcm): unknown {
  return {
    hcmId: id,
    name,
    heartbeatSeconds,
    hybridConnections: servedEntities(parts, principalId).map((served) => servedEntityJson(parts, served)),
  }
}

/** All that a Hybrid Connection Manager needs from its enrolment on. */
export function enrolledJson(parts: ManagementParts, { origin }: Pick<ArmCall, 'origin'>, hcm: Hcm): unknown {
  const clientId = parts.identity.directory.find(hcm.principalId)?.clientId ?? ''
  return {
    ...(selfJson(parts, hcm) as object),
    principalId: hcm.principalId,
    clientId,
    tenantId,
    tokenEndpoint: `${origin}/${tenantId}/oauth2/v2.0/token`,
    // Azure's names of both planes: they stay right whatever host this relay is reached by.
    scopes: { management: 'https://management.azure.com/.default', relay: 'https://relay.azure.net/.default' },
  }
}

/** An enrolment; its token only in the answer that made it. */
export function enrolmentJson(enrolment: HcmEnrolment, token?: string): unknown {
  const { id, subscriptionId, hybridConnections, createdBy, createdAt, expiresAt } = enrolment
  return {
    id: `/subscriptions/${subscriptionId}/providers/Postern.Management/hcmEnrolments/${id}`,
    name: id,
    type: 'Postern.Management/hcmEnrolments',
    properties: {
      hybridConnections,
      createdBy,
      createdOn: createdAt.toISOString(),
      expiresOn: expiresAt.toISOString(),
      ...(token !== undefined && { token }),
    },
  }
}
