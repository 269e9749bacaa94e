import { parseArmId, RelayError } from '@postern/protocol'
import type { ArmCall } from '../arm-call.ts'
import { fillScope } from '../path-segment.ts'

/**
 * The scope before `/providers/Microsoft.Authorization/`, spelt exactly as the role was asked for there: `/`, or the id of a
 * subscription, resource group or resource. Clients write one slash or several at its beginning (observed).
 * @throws {RelayError} RequestContentInvalid
 */
export function scopeOfCall({ params }: Pick<ArmCall, 'params'>): string {
  const scope = fillScope('/{+scope}', params)
  refuseScope(scope)
  return scope
}

/** @throws {RelayError} RequestContentInvalid when the text is no id that a role could hold at */
export function refuseScope(scope: string): void {
  if (scope === '/') return
  const id = parseArmId(scope)
  const isWhole = id !== undefined && !scope.endsWith('/') && id.path.length % 2 === 0
  if (isWhole && (id.provider === undefined || id.path.length > 0)) return
  throw new RelayError('RequestContentInvalid', {
    message: `The scope '${scope.slice(0, 200)}' is none: it is / or the id of a subscription, resource group or resource`,
  })
}

/** What stands before `/providers/Microsoft.Authorization` in ids of things at a scope: nothing for `/`. */
export function idPrefix(scope: string): string {
  return `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization`
}

/**
 * The whole id of a role as it is written at a scope: roles are named below the subscription, wherever they are looked at.
 */
export function roleDefinitionIdAt(scope: string, id: string): string {
  const subscription = /^\/subscriptions\/[^/]+/i.exec(scope)?.[0] ?? '/'
  return `${idPrefix(subscription)}/roleDefinitions/${id}`
}
