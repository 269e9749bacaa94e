import { resourceGroupId } from '@postern/protocol'
import type { ArmCall } from '../arm-call.ts'
import { deleteRolesUnder, deleteWithRoles } from '../delete-with-roles.ts'
import { writeCondition } from '../etag.ts'
import type { ManagementParts } from '../management-parts.ts'
import { allDeployments, deletePrincipals } from '../web/delete-principals.ts'
import { refuseDeclared } from '../write-document.ts'
import type { FoundGroup } from './find-resource-group.ts'

/**
 * Deletes everything in a resource group, then the group, each with the roles that were assigned there. Should the process end in between, the group is still there with
 * what is left, and deleting it again goes on.
 * @throws {RelayError} ResourceConflict when the resources file declares something in it; nothing is deleted then
 */
export async function deleteGroup(
  parts: Pick<ManagementParts, 'documents' | 'store' | 'identity' | 'roleChanges'>,
  call: Pick<ArmCall, 'ifMatch' | 'ifNoneMatch'>,
  { group, stored }: FoundGroup,
): Promise<void> {
  writeCondition(call, stored)
  const isInside = (place: { readonly subscriptionId: string; readonly resourceGroup: string }): boolean =>
    place.subscriptionId.toLowerCase() === group.subscriptionId.toLowerCase() &&
    place.resourceGroup.toLowerCase() === group.name.toLowerCase()
  const doomed = (['app', 'plan', 'namespace'] as const).flatMap((kind) =>
    parts.documents.list(kind).filter(({ document }) => isInside(document.value)),
  )
  for (const each of doomed) refuseDeclared(each)
  for (const each of doomed) {
    const { document } = each
    if (document.kind === 'app') await deletePrincipals(parts, allDeployments(document.value))
    await deleteWithRoles(parts, each)
  }
  if (stored) await deleteWithRoles(parts, stored)
  else await deleteRolesUnder(parts, resourceGroupId({ ...group, resourceGroup: group.name }))
}
