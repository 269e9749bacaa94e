import { plainScope, RelayError } from '@postern/protocol'
import { listenerRoleId } from '../../identity/roles/built-in-roles.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import { type ArmCall, type ArmHandlers, ok } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { page } from '../page.ts'
import { nameIn, signedIn } from '../resources/resource-handlers.ts'
import { demandEntities } from './demand-entities.ts'
import { allowToListen, revokeHcm } from './enrol-hcm.ts'
import { enrolmentHandlers } from './enrolment-handlers.ts'
import { hcmJson } from './hcm-json.ts'
import type { hcmRoutes } from './hcm-routes.ts'
import { hcmSelfHandlers } from './hcm-self-handlers.ts'

type Handlers = ArmHandlers<typeof hcmRoutes>
type Name = `Hcms_${'List' | 'Get' | 'Delete' | 'AddHybridConnection' | 'RemoveHybridConnection'}`

/** Handlers of Hybrid Connection Managers and their enrolment. */
export function hcmHandlers(parts: ManagementParts): Handlers {
  return { ...keeperHandlers(parts), ...hcmSelfHandlers(parts), ...enrolmentHandlers(parts) }
}

/** For those who look after Hybrid Connection Managers. */
function keeperHandlers(parts: ManagementParts): Pick<Handlers, Name> {
  const { documents, roles, roleChanges } = parts
  return {
    Hcms_List: (call) => {
      const found = documents.list('hcm').filter((stored) => isAt(stored, call))
      return page(call, found, ({ document }) => hcmJson(parts, document.value))
    },
    Hcms_Get: (call) => ok(hcmJson(parts, findHcm(parts, call).document.value)),
    Hcms_Delete: async (call) => {
      const stored = documents.get('hcm', nameIn(call.params, 'hcmId'))
      const isRevoked = stored !== undefined && isAt(stored, call) && (await revokeHcm(parts, stored.document.value.id))
      return { status: isRevoked ? 200 : 204 }
    },
    Hcms_AddHybridConnection: async (call) => {
      const { value } = findHcm(parts, call).document
      const [entity] = demandEntities(parts, call, [call.body.hybridConnectionId])
      if (entity) await allowToListen(parts, value, { entity, by: signedIn(call).id })
      return ok(hcmJson(parts, value))
    },
    Hcms_RemoveHybridConnection: async (call) => {
      const { value } = findHcm(parts, call).document
      const scope = plainScope(call.body.hybridConnectionId)
      const doomed = roles
        .assignmentsOf([value.principalId])
        .filter((each) => each.roleDefinitionId === listenerRoleId && plainScope(each.scope) === scope)
      for (const { id } of doomed) {
        const stored = documents.get('roleAssignment', id)
        if (stored) await roleChanges.unassign(stored)
      }
      return ok(hcmJson(parts, value))
    },
  }
}

/** @throws {RelayError} ResourceNotFound also when it belongs to another subscription */
function findHcm({ documents }: ManagementParts, call: ArmCall): StoredDocument<'hcm'> {
  const id = nameIn(call.params, 'hcmId')
  const stored = documents.get('hcm', id)
  if (stored && isAt(stored, call)) return stored
  throw new RelayError('ResourceNotFound', {
    message: `There is no Hybrid Connection Manager '${id.slice(0, 64)}' in this subscription`,
  })
}

function isAt({ document }: StoredDocument<'hcm'>, { params }: Pick<ArmCall, 'params'>): boolean {
  return document.value.subscriptionId.toLowerCase() === nameIn(params, 'subscriptionId').toLowerCase()
}
