import { plainScope, plainScopeCovers } from '@postern/protocol'
import type { Caller } from '../../domain/caller.ts'
import type { RoleAssignment, RoleDefinition } from '../../domain/role.ts'
import type { DocumentCopy } from '../../storage/document-copy.ts'
import type { ResourceChange } from '../../storage/resource-store.ts'
import { type ActionKind, ActionMatcher } from './action-pattern.ts'
import { builtInRoles } from './built-in-roles.ts'

/** What is asked: may the caller do this there? */
export interface RoleQuestion {
  readonly kind: ActionKind
  readonly action: string
  /** ARM id. */
  readonly scope: string
}

export type RoleDecision =
  | { readonly allowed: true; readonly role: string; readonly assignmentScope: string }
  | { readonly allowed: false }

interface Grant {
  readonly assignment: RoleAssignment
  readonly scope: string
}

/** Decides by role assignments: a copy in memory, by principal, so that a decision costs what its own principal has. */
export class RoleBook {
  readonly #documents: DocumentCopy
  readonly #grants = new Map<string, Map<string, Grant>>()
  readonly #matchers = new WeakMap<Pick<RoleDefinition, 'permissions'>, ActionMatcher>()
  readonly #builtIn = new Map(builtInRoles.map((role) => [role.id, role]))
  readonly #unsubscribe: () => void

  constructor(documents: DocumentCopy) {
    this.#documents = documents
    for (const { document } of documents.list('roleAssignment')) this.#add(document.value)
    this.#unsubscribe = documents.onChange((change) => this.#follow(change))
  }

  /** Default deny: the first assignment that allows it decides. */
  decide(caller: Pick<Caller, 'principalIds'>, { kind, action, scope }: RoleQuestion): RoleDecision {
    const below = plainScope(scope)
    for (const grant of this.#grantsOf(caller)) {
      if (!plainScopeCovers(grant.scope, below)) continue
      const role = this.definition(grant.assignment.roleDefinitionId)
      if (role && this.#matcherOf(role).allows(kind, action)) {
        return { allowed: true, role: role.roleName, assignmentScope: grant.assignment.scope }
      }
    }
    return { allowed: false }
  }

  /** Whether the caller may do `action` anywhere at or below `scope`: whether a list there can hold anything for him. */
  reachesBelow(caller: Pick<Caller, 'principalIds'>, { kind, action, scope }: RoleQuestion): boolean {
    const above = plainScope(scope)
    for (const grant of this.#grantsOf(caller)) {
      const role = this.definition(grant.assignment.roleDefinitionId)
      const isNear = plainScopeCovers(grant.scope, above) || plainScopeCovers(above, grant.scope)
      if (isNear && role !== undefined && this.#matcherOf(role).allows(kind, action)) return true
    }
    return false
  }

  /** Assignments of the given principals. */
  assignmentsOf(principalIds: readonly string[]): readonly RoleAssignment[] {
    return principalIds.flatMap((principal) =>
      [...(this.#grants.get(plainPrincipal(principal))?.values() ?? [])].map(({ assignment }) => assignment),
    )
  }

  /** A built-in or custom role by its GUID. */
  definition(id: string): Omit<RoleDefinition, 'createdAt' | 'updatedAt' | 'assignableScopes'> | undefined {
    const key = id.toLowerCase()
    return this.#builtIn.get(key) ?? this.#documents.get('roleDefinition', key)?.document.value
  }

  /** Whether another role than `id` has this name; in any case. */
  isNameTaken(name: string, id: string): boolean {
    const wanted = name.toLowerCase()
    const custom = this.#documents.list('roleDefinition').map(({ document }) => document.value)
    return [...builtInRoles, ...custom].some(
      (role) => role.roleName.toLowerCase() === wanted && role.id.toLowerCase() !== id.toLowerCase(),
    )
  }

  close(): void {
    this.#unsubscribe()
  }

  /**
   * People may choose their own subject at some issuers: whoever is called like a group is not the group, where the
   * assignment says that it means one.
   */
  *#grantsOf({ principalIds }: Pick<Caller, 'principalIds'>): Iterable<Grant> {
    for (const [at, principal] of principalIds.entries()) {
      for (const grant of this.#grants.get(plainPrincipal(principal))?.values() ?? []) {
        if (at > 0 || grant.assignment.principalType !== 'Group') yield grant
      }
    }
  }

  #matcherOf(role: Pick<RoleDefinition, 'permissions'>): ActionMatcher {
    const standing = this.#matchers.get(role)
    if (standing) return standing
    const matcher = new ActionMatcher(role.permissions)
    this.#matchers.set(role, matcher)
    return matcher
  }

  #follow(change: ResourceChange): void {
    const before = change.previous?.document
    if (before?.kind === 'roleAssignment') this.#remove(before.value)
    if (change.kind === 'put' && change.stored.document.kind === 'roleAssignment')
      this.#add(change.stored.document.value)
  }

  #add(assignment: RoleAssignment): void {
    const principal = plainPrincipal(assignment.principalId)
    const grants = this.#grants.get(principal) ?? new Map<string, Grant>()
    grants.set(assignment.id.toLowerCase(), { assignment, scope: plainScope(assignment.scope) })
    this.#grants.set(principal, grants)
  }

  #remove(assignment: RoleAssignment): void {
    const principal = plainPrincipal(assignment.principalId)
    const grants = this.#grants.get(principal)
    grants?.delete(assignment.id.toLowerCase())
    if (grants?.size === 0) this.#grants.delete(principal)
  }
}

/** GUIDs in any case; subjects of other issuers to the letter, because there `Ann` and `ann` may be two people. */
function plainPrincipal(id: string): string {
  return id.includes(':') ? id : id.toLowerCase()
}
