import type { TargetState } from '@postern/protocol'

/** Which listeners a sender allows, from its Microsoft-Relay-AllowedListeners and -DisallowedListeners headers. */
export interface ListenerFilter {
  readonly allowed: ReadonlySet<string> | undefined
  readonly disallowed: ReadonlySet<string> | undefined
}

/** Header names are lower case, as `node:http` gives them. Each value is a comma list of listener ids (observed). */
export function readListenerFilter(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): ListenerFilter {
  return {
    allowed: readIds(headers['microsoft-relay-allowedlisteners']),
    disallowed: readIds(headers['microsoft-relay-disallowedlisteners']),
  }
}

/** The listeners among which the choice falls; ids are compared without regard to case. */
export function eligibleListeners<L extends { readonly id: string }>(
  listeners: readonly L[],
  filter: ListenerFilter,
): readonly L[] {
  const { allowed, disallowed } = filter
  if (allowed === undefined && disallowed === undefined) return listeners
  return listeners.filter((listener) => {
    const id = listener.id.toLowerCase()
    return (allowed === undefined || allowed.has(id)) && !disallowed?.has(id)
  })
}

/** Those that lead somewhere: listeners that say that their target is down are left out while there are others. */
export function reachingListeners<L extends { readonly target: TargetState | undefined }>(
  listeners: readonly L[],
): readonly L[] {
  const reaching = listeners.filter(({ target }) => target !== 'down')
  return reaching.length === 0 ? listeners : reaching
}

/** Azure's rule: any of them with equal chance. `random` gives [0, 1). */
export function chooseListener<L>(listeners: readonly L[], random: () => number = Math.random): L | undefined {
  return listeners[Math.floor(random() * listeners.length)]
}

function readIds(value: string | readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (value === undefined) return undefined
  const text = typeof value === 'string' ? value : value.join(',')
  const ids = text
    .split(',')
    .map((id) => id.trim().toLowerCase())
    .filter((id) => id !== '')
  return ids.length === 0 ? undefined : new Set(ids)
}
