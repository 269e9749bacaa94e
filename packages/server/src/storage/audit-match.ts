import type { AuditRecord } from '../domain/audit-record.ts'
import { readAuditedName } from '../domain/caller.ts'
import type { AuditSearch } from './audit-store.ts'

/** What a record says, besides when. */
type RecordFacts = Omit<AuditRecord, 'at'>

/** Whether a record is one of those that a search wants, its time aside. */
export function fitsSearch(record: RecordFacts, search: AuditSearch): boolean {
  const { kinds, principal, scopePrefix, result, caller, trackingId, provider, withoutReads, withoutSuccess } = search
  return (
    (kinds === undefined || kinds.includes(record.kind)) &&
    (principal === undefined || record.principal === principal) &&
    (result === undefined || record.result === result) &&
    (scopePrefix === undefined || scopeCovers(scopePrefix, record.scope)) &&
    (caller === undefined || isCalledBy(record, caller)) &&
    (trackingId === undefined || [record.trackingId, record.call?.correlationId].includes(trackingId)) &&
    (provider === undefined || providerOf(record.scope).toLowerCase() === provider.toLowerCase()) &&
    !(withoutReads && isRead(record)) &&
    !(withoutSuccess && isSuccess(record))
  )
}

/** The last resource provider that an ARM id names; `Microsoft.Resources` for groups and what stands above them. */
export function providerOf(scope: string): string {
  return /^.*\/providers\/([^/]+)/i.exec(scope)?.[1] ?? 'Microsoft.Resources'
}

/** ARM ids are compared without regard to case, segment by segment. */
function scopeCovers(prefix: string, scope: string): boolean {
  return `${scope}/`.toLowerCase().startsWith(`${prefix.replace(/\/+$/, '')}/`.toLowerCase())
}

function isCalledBy({ principal }: RecordFacts, caller: string): boolean {
  const wanted = caller.toLowerCase()
  const { name, id } = readAuditedName(principal)
  const bare = name.slice(name.indexOf(':') + 1)
  return [principal, name, bare, id].some((each) => each?.toLowerCase() === wanted)
}

function isRead({ kind, action, call }: RecordFacts): boolean {
  return kind === 'management' && (call?.method === 'GET' || call?.method === 'HEAD' || /\/read$/i.test(action))
}

function isSuccess({ result }: RecordFacts): boolean {
  return result === 'succeeded' || result === 'allowed'
}
