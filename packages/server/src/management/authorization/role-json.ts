import type { RoleAssignment, RoleDefinition, RolePermission } from '../../domain/role.ts'
import { idPrefix, roleDefinitionIdAt } from './scope-of-call.ts'

/** A role as it is answered: built-in ones have no dates of ours. */
export type ShownRole = Omit<RoleDefinition, 'createdAt' | 'updatedAt' | 'assignableScopes'> &
  Partial<Pick<RoleDefinition, 'createdAt' | 'updatedAt' | 'assignableScopes'>>

/** Where and for which version something is answered. */
export interface ShownAt {
  readonly scope: string
  readonly apiVersion: string
}

export function roleDefinitionJson(role: ShownRole, { scope, apiVersion }: ShownAt): unknown {
  const { id, roleName, description, permissions, assignableScopes } = role
  return {
    id: roleDefinitionIdAt(scope, id),
    name: id,
    type: 'Microsoft.Authorization/roleDefinitions',
    properties: {
      roleName,
      type: assignableScopes === undefined ? 'BuiltInRole' : 'CustomRole',
      description,
      assignableScopes: assignableScopes ?? ['/'],
      permissions: permissions.map((permission) => permissionJson(permission, apiVersion)),
      createdOn: role.createdAt?.toISOString() ?? null,
      updatedOn: role.updatedAt?.toISOString() ?? null,
      createdBy: role.createdBy ?? null,
      updatedBy: role.updatedBy ?? null,
    },
  }
}

/** Data actions came with 2018-01-01-preview; older clients would not know what they are. */
export function permissionJson(permission: RolePermission, apiVersion: string): unknown {
  const { actions, notActions, dataActions, notDataActions } = permission
  return { actions, notActions, ...(apiVersion >= '2017' && { dataActions, notDataActions }) }
}

export function roleAssignmentJson(assignment: RoleAssignment, { scope, apiVersion }: ShownAt): unknown {
  const { id, principalId, principalType, description, createdBy, updatedBy, createdAt, updatedAt } = assignment
  return {
    id: `${idPrefix(assignment.scope)}/roleAssignments/${id}`,
    name: id,
    type: 'Microsoft.Authorization/roleAssignments',
    properties: {
      roleDefinitionId: roleDefinitionIdAt(scope, assignment.roleDefinitionId),
      principalId,
      ...(apiVersion >= '2017' && { principalType }),
      scope: assignment.scope,
      ...(apiVersion >= '2020' && { description: description ?? null, condition: null, conditionVersion: null }),
      createdOn: createdAt.toISOString(),
      updatedOn: updatedAt.toISOString(),
      createdBy,
      updatedBy: updatedBy ?? createdBy,
    },
  }
}
