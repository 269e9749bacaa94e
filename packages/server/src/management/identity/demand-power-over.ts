import type { ArmCall } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { deploymentByPrincipal } from '../web/find-web-resource.ts'

/**
 * Refuses whoever wants to become somebody with more rights: who gives a principal a credential can act as it, so he must
 * be able to assign each of its roles himself, and to change the app whose identity it is: the feed of an app has keys. The
 * same holds for taking it out of service.
 * @throws {RelayError} AccessDenied
 */
export function demandPowerOver(
  { roles, documents }: Pick<ManagementParts, 'roles' | 'documents'>,
  call: Pick<ArmCall, 'caller' | 'demand'>,
  principalId: string,
): void {
  if (call.caller?.id.toLowerCase() === principalId.toLowerCase()) return
  for (const { scope } of roles.assignmentsOf([principalId])) {
    call.demand('Microsoft.Authorization/roleAssignments/write', scope)
  }
  const app = deploymentByPrincipal(documents, principalId)
  if (app) call.demand(`Microsoft.Web/sites/${app.slot === undefined ? '' : 'slots/'}write`, app.id)
}
