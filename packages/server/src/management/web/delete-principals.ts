import type { App, AppDeployment } from '../../domain/app.ts'
import type { ManagementParts } from '../management-parts.ts'

/** Takes the identities of deployments out of the directory, and their roles. @throws {RelayError} ResourceConflict */
export async function deletePrincipals(
  { identity, roleChanges }: Pick<ManagementParts, 'identity' | 'roleChanges'>,
  deployments: readonly AppDeployment[],
): Promise<void> {
  for (const { principalId } of deployments) {
    if (principalId === undefined) continue
    await roleChanges.unassignAll(principalId)
    await identity.directory.delete(principalId)
  }
}

/** Production and slots of an app. */
export function allDeployments(app: App): readonly AppDeployment[] {
  return [app, ...app.slots]
}
