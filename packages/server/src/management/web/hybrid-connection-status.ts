import { hybridConnectionId } from '@postern/protocol'
import type { TargetState } from '../../domain/hcm.ts'
import { entityKey } from '../../domain/hybrid-connection.ts'
import type { ManagementParts } from '../management-parts.ts'

/** What is known of the far end of a hybrid connection. */
export interface HybridConnectionStatus {
  /** Connected: at least one listener is registered; says nothing about the target. */
  readonly status: 'Connected' | 'NotConnected'
  /**
   * Reachable as soon as one Hybrid Connection Manager that has enrolled reaches it; Unreachable also when all listeners say so, as
   * ours do, enrolled or not; Unknown for listeners that say nothing.
   */
  readonly target: TargetState
  /** As they are billed. */
  readonly listenerCount: number
  /** Hybrid Connection Managers that are heard of and serve it. */
  readonly hcmCount: number
}

type StatusParts = Pick<ManagementParts, 'documents' | 'catalog' | 'roles' | 'listeners'>

/** Asks the listeners of this relay and the latest reports of Hybrid Connection Managers. */
export function hybridConnectionStatus(parts: StatusParts, namespace: string, name: string): HybridConnectionStatus {
  const targets = reportedTargets(parts, namespace, name)
  const key = entityKey(namespace, name)
  const listenerCount = parts.listeners.countBilled(key)
  const declared: readonly TargetState[] = parts.listeners.isTargetDown(key) ? ['Unreachable'] : []
  return {
    status: listenerCount > 0 ? 'Connected' : 'NotConnected',
    target: best([...targets, ...declared]),
    listenerCount,
    hcmCount: targets.length,
  }
}

/** Of those that may still listen: what one has said of a hybrid connection that was taken from it is nobody's business. */
function reportedTargets(
  { documents, catalog, roles }: StatusParts,
  namespace: string,
  name: string,
): readonly TargetState[] {
  const [place, entity] = [catalog.namespaceByName(namespace), catalog.get(namespace, name)]
  if (place === undefined || entity === undefined) return []
  const scope = hybridConnectionId(place, place.name, entity.name)
  const listen = { kind: 'dataAction', action: 'Microsoft.Relay/namespaces/messages/listen/action', scope } as const
  const key = entityKey(namespace, name)
  return documents.list('hcm').flatMap(({ document: { value } }) => {
    if (value.isOnline !== true) return []
    const report = value.entities.find((each) => entityKey(each.namespace, each.name) === key)
    const isServing = report !== undefined && roles.decide({ principalIds: [value.principalId] }, listen).allowed
    return isServing ? [report.target] : []
  })
}

function best(targets: readonly TargetState[]): TargetState {
  if (targets.includes('Reachable')) return 'Reachable'
  return targets.includes('Unreachable') ? 'Unreachable' : 'Unknown'
}
