import type { ManagedRun } from '../managed-command.ts'

/** The scope of `--scope`, of `--resource-group`, else the subscription. */
export function scopeOf({ values, subscriptionId }: ManagedRun): string {
  const { scope, 'resource-group': group } = values
  if (typeof scope === 'string') return scope
  const subscription = `/subscriptions/${subscriptionId}`
  return typeof group === 'string' ? `${subscription}/resourceGroups/${group}` : subscription
}
