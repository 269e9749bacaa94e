/** What a role allows: lists of action patterns with `*`, as Azure writes them. */
export interface RolePermission {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly dataActions: readonly string[]
  readonly notDataActions: readonly string[]
}

/** A role: built in, or made by somebody. */
export interface RoleDefinition {
  /** GUID. */
  readonly id: string
  readonly roleName: string
  readonly description: string
  readonly permissions: readonly RolePermission[]
  /** ARM ids below which it may be assigned; `/` for everywhere. */
  readonly assignableScopes: readonly string[]
  /** Principals that made and last changed it; absent for roles that were made before this was kept. */
  readonly createdBy?: string
  readonly updatedBy?: string
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** Gives a principal a role at a scope and everything below it. */
export interface RoleAssignment {
  /** GUID. */
  readonly id: string
  /** ARM id; `/` for everything. Compared in lower case, segment by segment. */
  readonly scope: string
  /** GUID of the role definition. */
  readonly roleDefinitionId: string
  /** Object id of a principal or group; those of other issuers begin with the issuer's name and a colon. */
  readonly principalId: string
  readonly principalType: 'User' | 'Group' | 'ServicePrincipal'
  readonly description?: string
  /** Principal that made it. */
  readonly createdBy: string
  /** Principal that last changed its description; absent while nobody has. */
  readonly updatedBy?: string
  readonly createdAt: Date
  readonly updatedAt: Date
}
