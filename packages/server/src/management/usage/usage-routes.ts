import { z } from 'zod'
import type { Route } from '../route.ts'

const namespace =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}'

const figures = {
  listenerHours: z.number().describe('Hours of all listeners together; each listener of each hybrid connection counts'),
  listeners: z.number().int().describe('Most listeners at once, as billed: hybrid connections times HCMs'),
  bytes: z.number().int(),
  connections: z.number().int(),
}

/** What a namespace uses. Azure has it on the bill only. */
export const usageRoutes = [
  {
    id: 'Usage_Get',
    method: 'GET',
    path: `${namespace}/providers/Postern.Management/usage`,
    versions: 'postern',
    access: { action: 'Microsoft.Relay/namespaces/read' },
    summary: 'Gets what a namespace used in a month: listeners as billed, hours, bytes, connections.',
    query: { month: '`2026-11`, UTC. Default: this month' },
    reply: z.object({
      id: z.string(),
      name: z.string(),
      type: z.literal('Postern.Management/usage'),
      properties: z.object({
        month: z.string(),
        ...figures,
        hybridConnections: z.array(z.object({ name: z.string(), ...figures })),
        updatedAt: z.string().optional(),
      }),
    }),
    statuses: [200],
  },
] as const satisfies readonly Route[]
