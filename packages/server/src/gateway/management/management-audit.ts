import { errorTable, formatEndpoint } from '@postern/protocol'
import type { AuditRecord } from '../../domain/audit-record.ts'
import { auditedName } from '../../domain/caller.ts'
import type { ArmOutcome } from '../../management/arm-router.ts'
import { toLogText } from '../../telemetry/log-text.ts'
import type { RelayParts } from '../relay-parts.ts'
import { clientRequestIds } from './client-request-ids.ts'

/**
 * Leaves a record of a call of the management API. Resolves when the record of a change is durable, so that whatever is
 * acknowledged can be found later. Strangers are recorded as their refusals are logged: not more of them than of those.
 */
export async function auditManagementCall(
  { audit, refusalLog }: Pick<RelayParts, 'audit' | 'refusalLog'>,
  outcome: ArmOutcome,
): Promise<void> {
  const { request, caller, code, reason, status } = outcome
  if (caller === undefined && code !== undefined) {
    const { address, port, requestId, url } = request
    const remote = { address, port }
    const text = reason === '' ? errorTable[code].message : reason
    refusalLog.record({
      code,
      stage: 'management',
      trackingId: requestId,
      remote,
      reason: text,
      address: pathOf(url),
      status,
    })
    return
  }
  audit.record(managementRecord(outcome))
  if (request.method !== 'GET' && request.method !== 'HEAD') await audit.flush()
}

function managementRecord({ request, route, caller, scope, status, reason, code }: ArmOutcome): AuditRecord {
  const access = route?.access
  const action =
    access && 'action' in access ? access.action : (route?.id ?? `${request.method} ${pathOf(request.url)}`)
  const why = [code, reason].filter((text) => text !== undefined && text !== '').join(': ')
  return {
    kind: 'management',
    at: new Date(),
    trackingId: request.requestId,
    principal: caller ? auditedName(caller) : 'anonymous',
    action,
    scope: scope === '' ? pathOf(request.url) : scope,
    result: resultOf(status),
    ...(why !== '' && { reason: why }),
    source: formatEndpoint({ host: request.address, port: request.port }),
    status,
    call: { method: request.method, ...clientRequestIds(request.headers) },
  }
}

function resultOf(status: number): AuditRecord['result'] {
  if (status < 400) return 'succeeded'
  return status === 401 || status === 403 ? 'refused' : 'failed'
}

/** Queries may hold what is nobody's business. */
function pathOf(url: string): string {
  return toLogText(url.split('?', 1)[0] ?? '')
}
