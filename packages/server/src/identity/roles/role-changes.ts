import { plainScope, RelayError, scopeCovers } from '@postern/protocol'
import type { RoleAssignment, RoleDefinition } from '../../domain/role.ts'
import type { DocumentCopy } from '../../storage/document-copy.ts'
import type { ResourceStore, StoredDocument } from '../../storage/resource-store.ts'
import { ownerRoleId } from './built-in-roles.ts'
import type { RoleBook } from './role-book.ts'

type StoredAssignment = StoredDocument<'roleAssignment'>
type StoredDefinition = StoredDocument<'roleDefinition'>

/** An assignment that somebody asks for; when and by whom it was made is added. */
export type WantedAssignment = Omit<RoleAssignment, 'createdAt' | 'updatedAt' | 'createdBy' | 'updatedBy'> & {
  /** Principal that asks. */
  readonly by: string
}

/** A custom role that somebody asks for. */
export type WantedDefinition = Omit<RoleDefinition, 'createdAt' | 'updatedAt' | 'createdBy' | 'updatedBy'> & {
  readonly by: string
}

/**
 * Changes roles and assignments, one after another: what must hold here holds over several documents. No principal has a
 * role twice at a scope, no two roles have one name, no role that is in use goes, and the last Owner of everything stays.
 */
export class RoleChanges {
  readonly #store: ResourceStore
  readonly #documents: DocumentCopy
  readonly #roles: RoleBook
  readonly #now: () => Date
  #lastChange: Promise<unknown> = Promise.resolve()

  constructor(options: {
    readonly store: ResourceStore
    readonly documents: DocumentCopy
    readonly roles: RoleBook
    readonly now: () => Date
  }) {
    this.#store = options.store
    this.#documents = options.documents
    this.#roles = options.roles
    this.#now = options.now
  }

  /**
   * Makes an assignment; one that is there already under the same id may get another description.
   * @throws {RelayError} RoleAssignmentExists when it is there under another id, RoleAssignmentUpdateNotPermitted,
   *   RoleDefinitionUnknown when there is no such role or it cannot be assigned at this scope
   */
  assign(wanted: WantedAssignment): Promise<{ readonly stored: StoredAssignment; readonly isNew: boolean }> {
    return this.#inOrder(async () => {
      const { by, ...assignment } = wanted
      const standing = this.#documents.get('roleAssignment', assignment.id)
      if (standing) return { stored: await this.#describe(standing, wanted), isNew: false }
      this.#demandAssignable(assignment)
      const twin = this.#roles.assignmentsOf([assignment.principalId]).find((each) => isTwin(each, assignment))
      if (twin) {
        throw new RelayError('RoleAssignmentExists', {
          message: `The role assignment already exists. The ID of the existing role assignment is ${twin.id.replaceAll('-', '')}`,
        })
      }
      const now = this.#now()
      const value = { ...assignment, createdBy: by, createdAt: now, updatedAt: now }
      const stored = await this.#store.put({ kind: 'roleAssignment', value }, 'absent')
      return { stored: stored as StoredAssignment, isNew: true }
    })
  }

  /** False when it is gone already. @throws {RelayError} ResourceConflict for the last Owner of everything */
  unassign({ key, document }: StoredAssignment): Promise<boolean> {
    return this.#inOrder(async () => {
      if (this.isLastOwner(document.value.principalId, document.value.id)) throw lastOwner()
      return this.#store.delete(key)
    })
  }

  /** Takes every assignment of a principal away. @throws {RelayError} ResourceConflict for the last Owner of everything */
  unassignAll(principalId: string): Promise<void> {
    return this.#inOrder(async () => {
      if (this.isLastOwner(principalId)) throw lastOwner()
      for (const { id } of this.#roles.assignmentsOf([principalId])) {
        const stored = this.#documents.get('roleAssignment', id)
        if (stored) await this.#store.delete(stored.key)
      }
    })
  }

  /**
   * Makes a change after which a principal cannot sign in any more.
   * @throws {RelayError} ResourceConflict for the last Owner of everything
   */
  shutOut<Result>(principalId: string, change: () => Promise<Result>): Promise<Result> {
    return this.#inOrder(async () => {
      if (this.isLastOwner(principalId)) throw lastOwner()
      return change()
    })
  }

  /**
   * Whether nobody else who can sign in would be Owner of everything without this principal, or without this one
   * assignment of his.
   */
  isLastOwner(principalId: string, assignmentId?: string): boolean {
    const owners = this.#documents
      .list('roleAssignment')
      .map(({ document }) => document.value)
      .filter((each) => isSame(each.roleDefinitionId, ownerRoleId) && plainScope(each.scope) === '')
      .filter((each) => this.#canSignIn(each.principalId))
    const isDoomed = (each: RoleAssignment): boolean =>
      assignmentId === undefined ? isSame(each.principalId, principalId) : isSame(each.id, assignmentId)
    return owners.some(isDoomed) && owners.every(isDoomed)
  }

  /**
   * Makes or changes a custom role.
   * @param check called with what stands there before anything is written; throws what is to be refused
   * @throws {RelayError} RoleDefinitionNameExists, RoleDefinitionHasAssignments when a scope at which it is assigned goes
   */
  define(wanted: WantedDefinition, check: (standing: RoleDefinition | undefined) => void): Promise<StoredDefinition> {
    return this.#inOrder(async () => {
      const { by, ...definition } = wanted
      const standing = this.#documents.get('roleDefinition', definition.id)
      check(standing?.document.value)
      if (this.#roles.isNameTaken(definition.roleName, definition.id)) {
        throw new RelayError('RoleDefinitionNameExists', {
          message: `A role with the name '${definition.roleName}' already exists`,
        })
      }
      const stray = this.#assignmentsOfRole(definition.id).find(({ scope }) => !isAssignableAt(definition, scope))
      if (stray) {
        throw new RelayError('RoleDefinitionHasAssignments', {
          message: `The role is assigned at ${stray.scope}, which would be none of its assignable scopes any more`,
        })
      }
      const now = this.#now()
      const { createdAt = now, createdBy = by } = standing?.document.value ?? {}
      const value = { ...definition, createdBy, createdAt, updatedBy: by, updatedAt: now }
      const condition = standing ? { revision: standing.revision } : 'absent'
      return (await this.#store.put({ kind: 'roleDefinition', value }, condition)) as StoredDefinition
    })
  }

  /** False when it is gone already. @throws {RelayError} RoleDefinitionHasAssignments */
  undefine({ key, document }: StoredDefinition): Promise<boolean> {
    return this.#inOrder(async () => {
      const [assignment] = this.#assignmentsOfRole(document.value.id)
      if (assignment) {
        throw new RelayError('RoleDefinitionHasAssignments', {
          message: `There are existing role assignments referencing the role, one of them at ${assignment.scope}`,
        })
      }
      return this.#store.delete(key)
    })
  }

  /** Role, principal and scope of an assignment are what it is; the rest may change. */
  async #describe(
    standing: StoredAssignment,
    { by, description, ...wanted }: WantedAssignment,
  ): Promise<StoredAssignment> {
    const { description: before, ...value } = standing.document.value
    if (!isTwin(value, wanted)) throw new RelayError('RoleAssignmentUpdateNotPermitted')
    if (description === undefined || description === before) return standing
    const changed = { ...value, description, updatedBy: by, updatedAt: this.#now() }
    const document = { ...standing.document, value: changed }
    return (await this.#store.put(document, { revision: standing.revision })) as StoredAssignment
  }

  #demandAssignable({ roleDefinitionId, scope }: Pick<RoleAssignment, 'roleDefinitionId' | 'scope'>): void {
    const custom = this.#documents.get('roleDefinition', roleDefinitionId)?.document.value
    if (custom ? isAssignableAt(custom, scope) : this.#roles.definition(roleDefinitionId)) return
    throw new RelayError('RoleDefinitionUnknown', {
      message: custom
        ? `The role '${custom.roleName}' is not assignable at ${scope}, only at ${custom.assignableScopes.join(', ')}`
        : `The specified role definition with ID '${roleDefinitionId.slice(0, 64)}' does not exist`,
    })
  }

  #assignmentsOfRole(roleDefinitionId: string): readonly RoleAssignment[] {
    return this.#documents
      .list('roleAssignment')
      .map(({ document }) => document.value)
      .filter((each) => isSame(each.roleDefinitionId, roleDefinitionId))
  }

  /** Of principals of other issuers we cannot know; their ids have a colon. */
  #canSignIn(principalId: string): boolean {
    if (principalId.includes(':')) return true
    return this.#documents.get('principal', principalId)?.document.value.isEnabled === true
  }

  #inOrder<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#lastChange.then(change)
    this.#lastChange = result.catch(() => {})
    return result
  }
}

/** Whether a custom role may be assigned at a scope. */
export function isAssignableAt({ assignableScopes }: Pick<RoleDefinition, 'assignableScopes'>, scope: string): boolean {
  return assignableScopes.some((assignable) => scopeCovers(assignable, scope))
}

type Triple = Pick<RoleAssignment, 'principalId' | 'roleDefinitionId' | 'scope'>

function isTwin(a: Triple, b: Triple): boolean {
  return (
    isSame(a.principalId, b.principalId) &&
    isSame(a.roleDefinitionId, b.roleDefinitionId) &&
    plainScope(a.scope) === plainScope(b.scope)
  )
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function lastOwner(): RelayError {
  return new RelayError('ResourceConflict', {
    message:
      'This is the last Owner of everything: nobody could assign a role any more. Make somebody else Owner at / first',
  })
}
