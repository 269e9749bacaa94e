import { RelayError } from '@postern/protocol'
import type { AuditPage, AuditQuery } from '../../storage/audit-store.ts'
import { type ArmCall, type ArmHandlers, type ArmReply, ok } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { linkToNext, pageSize, parameter, skipToken } from '../page.ts'
import { readActivityFilter } from './activity-filter.ts'
import type { activityRoutes } from './activity-routes.ts'
import { readAuditFilter } from './audit-filter.ts'
import { toEventData } from './event-data.ts'

/** Handlers of the activity log and the audit log. */
export function activityHandlers({ audit }: ManagementParts): ArmHandlers<typeof activityRoutes> {
  return {
    ActivityLogs_List: async (call) => {
      const subscriptionId = call.params['subscriptionId'] ?? ''
      const page = await audit.page({ ...readActivityFilter(call.query, subscriptionId), ...place(call) })
      const select = selected(call.query)
      return reply(call, page, (record) => select(toEventData(record, subscriptionId)))
    },
    Audit_List: async (call) => {
      const page = await audit.page({ ...readAuditFilter(call.query), ...place(call) })
      return reply(call, page, ({ sequence, hash, record }) => ({ sequence, hash, ...record }))
    },
  }
}

function reply(
  call: ArmCall,
  { records, next }: AuditPage,
  toJson: (record: AuditPage['records'][number]) => unknown,
): ArmReply {
  return ok({ value: records.map(toJson), ...(next !== undefined && { nextLink: linkToNext(call, `${next}`) }) })
}

/** @throws {RelayError} RequestContentInvalid */
function place({ query }: ArmCall): Pick<AuditQuery, 'limit' | 'before'> {
  const limit = pageSize(query)
  const token = skipToken(query)
  if (token === undefined) return { limit }
  const before = /^\d{1,15}$/.test(token) ? Number(token) : 0
  if (before > 0) return { limit, before }
  throw new RelayError('RequestContentInvalid', { message: 'The $skipToken is not one of ours' })
}

/** Leaves of an event what `$select` names, in any case; names that nothing has are ignored. */
function selected(query: URLSearchParams): (event: Readonly<Record<string, unknown>>) => unknown {
  const names = (parameter(query, '$select') ?? '').toLowerCase().split(/[\s,]+/)
  const wanted = new Set(names.filter((name) => name !== ''))
  if (wanted.size === 0) return (event) => event
  return (event) => Object.fromEntries(Object.entries(event).filter(([name]) => wanted.has(name.toLowerCase())))
}
