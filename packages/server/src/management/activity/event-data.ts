import { STATUS_CODES } from 'node:http'
import { parseArmId } from '@postern/protocol'
import type { AuditRecord } from '../../domain/audit-record.ts'
import { readAuditedName } from '../../domain/caller.ts'
import { tenantId } from '../../domain/tenant.ts'
import { providerOf } from '../../storage/audit-match.ts'
import type { ChainedRecord } from '../../storage/audit-store.ts'

interface LocalizableString {
  readonly value: string
  readonly localizedValue: string
}

const objectIdClaim = 'http://schemas.microsoft.com/identity/claims/objectidentifier'
const nameClaim = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name'

/** .NET's count of 100 ns since the year 1, at the beginning of 1970. */
const ticksAtEpoch = 621_355_968_000_000_000n

/** A record of a management call as Azure's activity log shows one; its members are all in Azure's EventData. */
export function toEventData(
  { hash, record }: ChainedRecord,
  subscriptionId: string,
): Readonly<Record<string, unknown>> {
  const { at, action, scope, trackingId, call } = record
  const { name, id = '' } = readAuditedName(record.principal)
  const eventDataId = guidOf(hash)
  const role = roleOf(record)
  const isDone = record.result === 'succeeded'
  return {
    authorization: { action, scope, ...(role !== undefined && { role }) },
    caller: callerOf(name, id),
    category: spelt('Administrative'),
    claims: { [nameClaim]: name, ...(id !== '' && { [objectIdClaim]: id }) },
    correlationId: call?.correlationId ?? trackingId,
    description: '',
    eventDataId,
    eventName: spelt('EndRequest', 'End request'),
    eventTimestamp: at.toISOString(),
    httpRequest: {
      clientRequestId: call?.clientRequestId ?? '',
      clientIpAddress: addressOf(record.source),
      method: call?.method ?? '',
    },
    id: `${scope}/events/${eventDataId}/ticks/${BigInt(at.getTime()) * 10_000n + ticksAtEpoch}`,
    level: isDone ? 'Informational' : 'Error',
    operationId: trackingId,
    operationName: spelt(action),
    properties: propertiesOf(record),
    resourceGroupName: parseArmId(scope)?.resourceGroup ?? groupIn(scope),
    resourceId: scope,
    resourceProviderName: spelt(providerOf(scope)),
    resourceType: spelt(typeOf(scope)),
    status: spelt(isDone ? 'Succeeded' : 'Failed'),
    subStatus: subStatusOf(record.status),
    // What can be read here is on the disk: there is no delay to tell.
    submissionTimestamp: at.toISOString(),
    subscriptionId,
    tenantId,
  }
}

function spelt(value: string, localizedValue = value): LocalizableString {
  return { value, localizedValue }
}

/** Azure names people by their name and programs by their object id. */
function callerOf(name: string, id: string): string {
  if (name.startsWith('user:')) return name.slice('user:'.length)
  return /^(?:servicePrincipal|app|hcm):/.test(name) && id !== '' ? id : name
}

function propertiesOf({ status, reason, result }: AuditRecord): Readonly<Record<string, string>> {
  return {
    ...(status !== undefined && { statusCode: plainStatus(status) }),
    ...(result !== 'succeeded' && reason !== undefined && { statusMessage: reason }),
  }
}

/** Why it was allowed is written as `Owner at /subscriptions/...`. */
function roleOf({ result, reason = '' }: AuditRecord): string | undefined {
  return result === 'succeeded' ? /^(.+) at \//.exec(reason)?.[1] : undefined
}

function subStatusOf(status: number | undefined): LocalizableString {
  if (status === undefined) return spelt('')
  return spelt(plainStatus(status), `${STATUS_CODES[status] ?? 'Unknown'} (HTTP Status Code: ${status})`)
}

/** `NotFound` */
function plainStatus(status: number): string {
  return (STATUS_CODES[status] ?? `${status}`).replaceAll(' ', '')
}

/** `192.0.2.1:4711` and `[2001:db8::1]:4711` without the port. */
function addressOf(source: string): string {
  return source.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}

function groupIn(scope: string): string {
  return /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)/i.exec(scope)?.[1] ?? ''
}

/** `Microsoft.Relay/namespaces/hybridConnections`: the provider and every other word behind it. */
function typeOf(scope: string): string {
  const at = scope.toLowerCase().lastIndexOf('/providers/')
  if (at < 0) return groupIn(scope) === '' ? 'Microsoft.Resources/subscriptions' : 'Microsoft.Resources/resourceGroups'
  // An extension such as a role assignment has the id of what it is about before its own.
  const words = parseArmId(`/subscriptions/-${scope.slice(at)}`)?.path ?? []
  return [providerOf(scope), ...words.filter((_, index) => index % 2 === 0)].join('/')
}

/** The chain gives every record a hash of its own. */
function guidOf(hash: string): string {
  return hash.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
