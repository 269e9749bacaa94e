import type { TargetState } from '../../domain/hcm.ts'
import { entityKey } from '../../domain/hybrid-connection.ts'
import type { ListenerCounts } from '../../listeners/listener-counts.ts'
import type { DocumentCopy } from '../../storage/document-copy.ts'

/** What is known of the far end of a hybrid connection. */
export interface HybridConnectionStatus {
  /** Connected: at least one listener is registered; says nothing about the target. */
  readonly status: 'Connected' | 'NotConnected'
  /** Reachable as soon as one Hybrid Connection Manager reaches it; Unknown for listeners that report nothing. */
  readonly target: TargetState
  readonly listenerCount: number
  /** Hybrid Connection Managers that serve it. */
  readonly hcmCount: number
}

export interface StatusParts {
  readonly documents: DocumentCopy
  readonly listeners: ListenerCounts
}

/** Asks the listeners of this relay and the latest reports of Hybrid Connection Managers. */
export function hybridConnectionStatus(
  { documents, listeners }: StatusParts,
  namespace: string,
  name: string,
): HybridConnectionStatus {
  const key = entityKey(namespace, name)
  const targets = documents
    .list('hcm')
    .filter(({ document }) => document.value.isOnline === true)
    .flatMap(
      ({ document: { value } }) => value.entities.find((each) => entityKey(each.namespace, each.name) === key) ?? [],
    )
    .map(({ target }) => target)
  const listenerCount = listeners.count(key)
  return {
    status: listenerCount > 0 ? 'Connected' : 'NotConnected',
    target: best(targets),
    listenerCount,
    hcmCount: targets.length,
  }
}

function best(targets: readonly TargetState[]): TargetState {
  if (targets.includes('Reachable')) return 'Reachable'
  return targets.includes('Unreachable') ? 'Unreachable' : 'Unknown'
}
