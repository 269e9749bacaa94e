import { z } from 'zod'
import type { Route } from '../route.ts'

const text = z.object({ value: z.string(), localizedValue: z.string() })

/** Azure's EventData. */
const eventData = z.object({
  authorization: z.object({ action: z.string(), scope: z.string(), role: z.string().optional() }),
  caller: z.string(),
  category: text,
  claims: z.record(z.string(), z.string()).describe('Who it was; the other claims of the token are not kept'),
  correlationId: z.string(),
  description: z.string(),
  eventDataId: z.string(),
  eventName: text,
  eventTimestamp: z.string(),
  httpRequest: z.object({ clientRequestId: z.string(), clientIpAddress: z.string(), method: z.string() }),
  id: z.string(),
  level: z.enum(['Informational', 'Error']),
  operationId: z.string(),
  operationName: text,
  properties: z.record(z.string(), z.string()),
  resourceGroupName: z.string(),
  resourceId: z.string(),
  resourceProviderName: text,
  resourceType: text,
  status: text,
  subStatus: text,
  submissionTimestamp: z.string(),
  subscriptionId: z.string(),
  tenantId: z.string(),
})

const auditRecord = z.object({
  sequence: z.number().int(),
  hash: z.string(),
  at: z.string(),
  kind: z.enum(['management', 'decision', 'stream', 'signIn', 'audit']),
  trackingId: z.string(),
  principal: z.string(),
  action: z.string(),
  scope: z.string(),
  result: z.enum(['allowed', 'refused', 'succeeded', 'failed']),
  reason: z.string().optional(),
  source: z.string(),
  status: z.number().int().optional(),
  stream: z
    .object({
      listener: z.string(),
      target: z.string().optional(),
      bytesFromSender: z.number(),
      bytesFromListener: z.number(),
      durationMs: z.number(),
      closeReason: z.string(),
    })
    .optional(),
  call: z
    .object({ method: z.string(), correlationId: z.string().optional(), clientRequestId: z.string().optional() })
    .optional(),
})

const paging = { $top: 'Records on a page: 1 to 1000', $skipToken: 'From the link to the page' }

/** What was done: Azure's activity log of a subscription, and all of the audit log. */
export const activityRoutes = [
  {
    id: 'ActivityLogs_List',
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values',
    versions: 'insights',
    // As Azure's roles spell it: without the name of the one event type.
    access: { action: 'Microsoft.Insights/eventtypes/values/read' },
    summary: 'Lists what was changed in a subscription, newest first: management calls that do more than read.',
    query: {
      $filter:
        "Needed: `eventTimestamp ge 'TIME'`. Also `eventTimestamp le`, and `eq` for resourceGroupName, resourceUri, resourceProvider, correlationId, caller, status; joined by `and`",
      $select: 'Names of members, with commas between them',
      ...paging,
    },
    reply: z.object({ value: z.array(eventData), nextLink: z.string().optional() }),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Audit_List',
    method: 'GET',
    path: '/providers/Postern.Management/audit',
    versions: 'postern',
    access: { action: 'Postern.Management/audit/read' },
    summary: 'Lists records of the audit log, newest first. A page may be empty and have a next one.',
    query: {
      kind: '`management`, `decision`, `stream`, `signIn`, `audit`; several with commas between them',
      from: 'Time of the oldest record',
      to: 'Time behind the newest record',
      principal: 'Name or id, in any case: `user:ann`, `ann`, `rule:namespace/app`',
      scope: 'ARM id: what was done to it and to all below it',
      trackingId: 'Tracking id, or the correlation id that the client gave',
      result: '`allowed`, `refused`, `succeeded`, `failed`',
      ...paging,
    },
    reply: z.object({ value: z.array(auditRecord), nextLink: z.string().optional() }),
    statuses: [200],
    isPaged: true,
  },
] as const satisfies readonly Route[]
