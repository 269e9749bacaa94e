import { type Action, errorTable, formatEndpoint } from '@postern/protocol'
import { type Principal, principalName, principalReason } from '../auth/decision.ts'
import type { AuditedStream, AuditRecord } from '../domain/audit-record.ts'
import { auditedName } from '../domain/caller.ts'
import type { LeftOutRefusals } from '../telemetry/refusal-window.ts'
import type { Call } from './call.ts'
import type { RefusalRecord } from './refusal-record.ts'

/** What was let in, or was relayed, and for whom. */
export interface AuditedCall {
  readonly call: Pick<Call, 'trackingId' | 'scope' | 'remote'>
  readonly action: 'listen' | 'atom' | Action
  readonly principal: Principal
}

/** A listener, sender or request that was let in. */
export function allowedRecord(
  { call, action, principal }: AuditedCall,
  reason: string = principalReason(principal),
): AuditRecord {
  return {
    kind: 'decision',
    at: new Date(),
    trackingId: call.trackingId,
    principal: nameOf(principal),
    action,
    scope: call.scope,
    result: 'allowed',
    reason,
    source: formatSource(call.remote),
  }
}

/** A relayed connection or HTTP exchange that has ended. */
export function streamRecord(
  { call, action, principal }: AuditedCall,
  end: { readonly isWhole: boolean; readonly status?: number; readonly stream: AuditedStream },
): AuditRecord {
  return {
    kind: 'stream',
    at: new Date(),
    trackingId: call.trackingId,
    principal: nameOf(principal),
    action,
    scope: call.scope,
    result: end.isWhole ? 'succeeded' : 'failed',
    source: formatSource(call.remote),
    ...(end.status !== undefined && { status: end.status }),
    stream: end.stream,
  }
}

/** Somebody who was not let in; or was, and could not be served then. Undefined where nothing was decided. */
export function refusedRecord(refusal: RefusalRecord): AuditRecord | undefined {
  const { code, stage, trackingId, remote, status, principal, wasAllowed = false } = refusal
  const action = actions[stage]
  // The handshake that carries a rejection is always answered by a refusal: it says nothing about the listener.
  if (action === undefined || code === 'RejectCompleted') return undefined
  return {
    kind: 'decision',
    at: new Date(),
    trackingId,
    principal: principal ? nameOf(principal) : code === 'TokenMissing' ? 'anonymous' : 'unknown',
    action,
    scope: refusal.scope ?? refusal.address ?? '',
    result: wasAllowed ? 'failed' : 'refused',
    reason: `${code}: ${refusal.reason ?? errorTable[code].message}${placeOf(refusal)}`,
    source: formatSource(remote),
    ...(status !== undefined && { status }),
  }
}

/** A flood, for all the refusals that have no record of their own. */
export function refusalsRecord(sum: LeftOutRefusals): AuditRecord {
  const codes = Object.entries(sum.codes).map(([code, count]) => `${code} ${count}`)
  return {
    kind: 'decision',
    at: new Date(),
    trackingId: '',
    principal: 'unknown',
    action: 'refused.more',
    scope: '',
    result: 'refused',
    reason: `${sum.count} more refusals in ${sum.seconds} s: ${codes.join(', ')}`,
    source: sum.mostFrom ?? '',
  }
}

/** What was asked for, by stage. At `handshake` nothing had been asked for yet. */
const actions: Readonly<Record<string, string>> = {
  listen: 'listen',
  control: 'listen',
  connect: 'connect',
  request: 'request',
  send: 'send',
  publish: 'publish',
  subscribe: 'subscribe',
  upgrade: 'upgrade',
  accept: 'accept',
  rendezvous: 'accept',
  atom: 'atom',
  ingress: 'connect',
  management: 'management',
}

/** Which public port and entry it was, for a reader who sees one record alone. */
function placeOf({ port, ingress }: RefusalRecord): string {
  if (port === undefined) return ''
  return ingress === undefined ? ` (port ${port})` : ` (port ${port}, ingress ${ingress})`
}

function nameOf(principal: Principal): string {
  return principal.kind === 'caller' ? auditedName(principal.caller) : principalName(principal)
}

function formatSource({ address, port }: { readonly address: string; readonly port?: number }): string {
  return port === undefined ? address : formatEndpoint({ host: address, port })
}
