import { scopeCovers } from '@postern/protocol'
import { type ArmHandlers, ok } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { signedIn } from '../resources/resource-handlers.ts'
import type { authorizationRoutes } from './authorization-routes.ts'
import { roleAssignmentHandlers } from './role-assignment-handlers.ts'
import { roleDefinitionHandlers } from './role-definition-handlers.ts'
import { permissionJson } from './role-json.ts'
import { scopeOfCall } from './scope-of-call.ts'

/** Handlers of Microsoft.Authorization. */
export function authorizationHandlers(parts: ManagementParts): ArmHandlers<typeof authorizationRoutes> {
  return {
    ...roleDefinitionHandlers(parts),
    ...roleAssignmentHandlers(parts),
    Permissions_List: (call) => {
      const scope = scopeOfCall(call)
      const permissions = parts.roles
        .assignmentsOf(signedIn(call).principalIds)
        .filter((assignment) => scopeCovers(assignment.scope, scope))
        .flatMap(({ roleDefinitionId }) => parts.roles.definition(roleDefinitionId)?.permissions ?? [])
      return ok({ value: permissions.map((permission) => permissionJson(permission, call.apiVersion)) })
    },
  }
}
