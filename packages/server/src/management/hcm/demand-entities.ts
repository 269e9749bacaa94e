import { RelayError } from '@postern/protocol'
import type { ArmCall } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { entityOfId, type FoundEntity } from './served-hybrid-connections.ts'

/** What it takes to give somebody a hybrid connection. */
export const listKeysAction = 'Microsoft.Relay/namespaces/hybridConnections/authorizationRules/listKeys/action'

/**
 * The hybrid connections that somebody wants a Hybrid Connection Manager to serve. Whoever may list their keys could hand
 * those out as well; from nobody else a listener is taken.
 * @throws {RelayError} AccessDenied before anything is said about what is there; RequestContentInvalid for what is not
 */
export function demandEntities(
  parts: Pick<ManagementParts, 'catalog'>,
  call: Pick<ArmCall, 'demand'>,
  ids: readonly string[],
): readonly FoundEntity[] {
  for (const id of ids) call.demand(listKeysAction, id)
  const found = ids.map((id) => {
    const entity = entityOfId(parts, id)
    // Again by the spelling that is kept: the two must never come to mean different things.
    if (entity) call.demand(listKeysAction, entity.id)
    if (entity) return entity
    throw new RelayError('RequestContentInvalid', {
      message: `'${id.slice(0, 200)}' is the id of no hybrid connection`,
    })
  })
  return [...new Map(found.map((entity) => [entity.id, entity])).values()]
}
