import { type Action, defaultActions } from '@postern/protocol'
import type { AuthorizationRule } from './authorization-rule.ts'

/** The named entity under a namespace where listeners and senders meet. */
export interface HybridConnection {
  readonly namespace: string
  /** Path under the namespace, may contain `/`. Compared in lower case, kept as written. */
  readonly name: string
  /** False lets senders in without a token; listeners always need one. */
  readonly requiresClientAuthorization: boolean
  readonly userMetadata?: string
  readonly rules: readonly AuthorizationRule[]
  /** How long a listener may take to begin its HTTP response; the relay's own limit when absent. Milliseconds. */
  readonly httpResponseTimeoutMs?: number
  /** Control channels at once; the relay's own limit when absent. */
  readonly maxListeners?: number
  /** What senders and subscribers may do; {@link defaultActions} when absent. */
  readonly actions?: readonly Action[]
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** Whether the owner lets senders or subscribers do this. */
export function allowsAction({ actions = defaultActions }: Pick<HybridConnection, 'actions'>, action: Action): boolean {
  return actions.includes(action)
}

/** Identifies one hybrid connection in maps, logs and metrics: `namespace/name` in lower case. */
export type EntityKey = string & { readonly __entityKey: unique symbol }

export function entityKey(namespace: string, name: string): EntityKey {
  return `${namespace}/${name}`.toLowerCase() as EntityKey
}
