import type { ArmCall } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'

/**
 * Refuses whoever wants to become somebody with more rights: who gives a principal a credential can act as it, so he must
 * be able to assign each of its roles himself. The same holds for taking it out of service.
 * @throws {RelayError} AccessDenied
 */
export function demandPowerOver(
  { roles }: Pick<ManagementParts, 'roles'>,
  call: Pick<ArmCall, 'caller' | 'demand'>,
  principalId: string,
): void {
  if (call.caller?.id.toLowerCase() === principalId.toLowerCase()) return
  for (const { scope } of roles.assignmentsOf([principalId])) {
    call.demand('Microsoft.Authorization/roleAssignments/write', scope)
  }
}
