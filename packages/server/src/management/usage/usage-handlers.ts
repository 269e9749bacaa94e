import { namespaceId, RelayError } from '@postern/protocol'
import type { EntityUsage } from '../../domain/namespace-usage.ts'
import { type ArmCall, type ArmHandlers, ok } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { findNamespace } from '../relay/find-namespace.ts'
import type { usageRoutes } from './usage-routes.ts'
import { goneName, monthOf, sumUsage } from './usage-sum.ts'
import { ownUsage } from './write-usage.ts'

/** Handlers of usage figures. */
export function usageHandlers({ documents, now }: ManagementParts): ArmHandlers<typeof usageRoutes> {
  return {
    Usage_Get: (call) => {
      const namespace = findNamespace(documents, call.params).document.value
      const month = monthIn(call.query) ?? monthOf(now())
      const usage = ownUsage(documents, documents.get('namespaceUsage', namespace.name, month))
      const entities = Object.entries(usage?.entities ?? {})
      const hybridConnections = entities
        .map(([name, each]) => ({ name: writtenName(documents, namespace.name, name), ...figures(each) }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      return ok({
        id: `${namespaceId(namespace, namespace.name)}/providers/Postern.Management/usage/${month}`,
        name: month,
        type: 'Postern.Management/usage',
        properties: {
          month,
          ...figures(sumUsage(entities.map(([, each]) => each))),
          hybridConnections,
          ...(usage && { updatedAt: usage.updatedAt.toISOString() }),
        },
      })
    },
  }
}

function figures({ listenerSeconds, peakListeners, bytes, connections }: EntityUsage): {
  readonly listenerHours: number
  readonly listeners: number
  readonly bytes: number
  readonly connections: number
} {
  // Seconds are exact enough, and six digits behind the point are less than that.
  const listenerHours = Math.round((listenerSeconds / 3600) * 1e6) / 1e6
  return { listenerHours, listeners: peakListeners, bytes, connections }
}

function writtenName(documents: ManagementParts['documents'], namespace: string, name: string): string {
  if (name === goneName) return name
  return documents.get('hybridConnection', namespace, name)?.document.value.name ?? name
}

/** @throws {RelayError} RequestContentInvalid */
function monthIn(query: ArmCall['query']): string | undefined {
  const month = query.get('month') ?? undefined
  if (month === undefined || /^\d{4}-(0[1-9]|1[0-2])$/.test(month)) return month
  throw new RelayError('RequestContentInvalid', { message: 'month must be a year and a month, such as 2026-11' })
}
