import { plainScope, RelayError, scopeCovers } from '@postern/protocol'
import type { DirectoryPrincipal } from '../../domain/directory-principal.ts'
import type { RoleAssignment } from '../../domain/role.ts'
import { tenantId } from '../../domain/tenant.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import { type ArmCall, type ArmHandlers, ok } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { type FilterTerm, readFilter, refuseTerm } from '../odata-filter.ts'
import { page } from '../page.ts'
import { nameIn, signedIn } from '../resources/resource-handlers.ts'
import type { authorizationRoutes } from './authorization-routes.ts'
import { demandGuid } from './demand-guid.ts'
import { demandScopeExists } from './demand-scope-exists.ts'
import { roleAssignmentJson } from './role-json.ts'
import { scopeOfCall } from './scope-of-call.ts'

type AuthorizationHandlers = ArmHandlers<typeof authorizationRoutes>
type Name = Extract<keyof AuthorizationHandlers, `RoleAssignments_${string}`>

/** Handlers of role assignments. */
export function roleAssignmentHandlers(parts: ManagementParts): Pick<AuthorizationHandlers, Name> {
  const { documents, roleChanges } = parts
  return {
    RoleAssignments_ListForScope: (call) => {
      const scope = scopeOfCall(call)
      const terms = readFilter(call.query)
      const tests = terms.map((term) => toTest(term, call))
      const onlyAbove = terms.some((term) => term.kind === 'call' && term.name === 'atscope')
      const found = documents.list('roleAssignment').filter(({ document: { value } }) => {
        const isNear = scopeCovers(value.scope, scope) || (!onlyAbove && scopeCovers(scope, value.scope))
        return isNear && tests.every((test) => test(value))
      })
      return page(call, found, ({ document }) =>
        roleAssignmentJson(document.value, { scope, apiVersion: call.apiVersion }),
      )
    },
    RoleAssignments_Get: (call) => {
      const stored = findAssignment(parts, call)
      if (stored) return ok(assignmentJson(stored, call))
      const name = nameIn(call.params, 'roleAssignmentName').slice(0, 64)
      throw new RelayError('RoleAssignmentNotFound', { message: `The role assignment '${name}' is not found` })
    },
    RoleAssignments_Create: async (call) => {
      const scope = scopeOfCall(call)
      const id = demandGuid(nameIn(call.params, 'roleAssignmentName'), 'role assignment')
      const { roleDefinitionId, principalId, principalType, description, condition } = call.body.properties
      refuseCondition(condition)
      demandScopeExists(parts, scope)
      const { stored, isNew } = await roleChanges.assign({
        id,
        scope,
        roleDefinitionId: roleGuid(roleDefinitionId),
        principalId,
        principalType: typeOfPrincipal(documents.get('principal', principalId)?.document.value, {
          principalId,
          said: principalType ?? undefined,
        }),
        ...(typeof description === 'string' && { description }),
        by: signedIn(call).id,
      })
      if (isNew) await takeBackWhenGone(parts, stored)
      return { status: isNew ? 201 : 200, body: assignmentJson(stored, call) }
    },
    RoleAssignments_Delete: async (call) => {
      const stored = findAssignment(parts, call)
      const isDeleted = stored !== undefined && (await roleChanges.unassign(stored))
      return isDeleted ? ok(assignmentJson(stored, call)) : { status: 204 }
    },
  }
}

/** What was deleted while we wrote must not leave a role to whatever takes its name next. @throws what is to be answered then */
async function takeBackWhenGone(parts: ManagementParts, stored: StoredDocument<'roleAssignment'>): Promise<void> {
  try {
    demandScopeExists(parts, stored.document.value.scope)
  } catch (error) {
    await parts.store.delete(stored.key)
    throw error
  }
}

/** An assignment is found at its own scope only: a right at one scope is none over what stands at another. */
function findAssignment({ documents }: ManagementParts, call: ArmCall): StoredDocument<'roleAssignment'> | undefined {
  const scope = scopeOfCall(call)
  const stored = documents.get('roleAssignment', nameIn(call.params, 'roleAssignmentName'))
  return stored && plainScope(stored.document.value.scope) === plainScope(scope) ? stored : undefined
}

function assignmentJson({ document }: StoredDocument<'roleAssignment'>, call: ArmCall): unknown {
  return roleAssignmentJson(document.value, { scope: scopeOfCall(call), apiVersion: call.apiVersion })
}

/** @throws {RelayError} RequestContentInvalid for conditions that this list does not know */
function toTest(term: FilterTerm, call: ArmCall): (assignment: RoleAssignment) => boolean {
  const { kind, name } = term
  if (kind === 'call') {
    if (name === 'atscope' && term.argument === undefined) return () => true
    if (name === 'assignedto' && term.argument !== undefined) {
      const ids = idsOf(term.argument, call)
      return ({ principalId }) => ids.includes(principalId.toLowerCase())
    }
  } else if (name === 'principalid' && term.operator === 'eq') {
    const wanted = term.value.toLowerCase()
    return ({ principalId }) => principalId.toLowerCase() === wanted
  }
  return refuseTerm(term, "atScope(), principalId eq and assignedTo('...')")
}

/** The principal itself, and its groups as far as they are known: those of the caller are in his token. */
function idsOf(principalId: string, call: ArmCall): readonly string[] {
  const id = principalId.toLowerCase()
  const own = signedIn(call).principalIds.map((each) => each.toLowerCase())
  return own.includes(id) ? own : [id]
}

/** The GUID at the end of a role's whole id, or the GUID alone. @throws {RelayError} RequestContentInvalid */
function roleGuid(roleDefinitionId: string): string {
  const match =
    /^(?:\/.*\/providers\/Microsoft\.Authorization|\/providers\/Microsoft\.Authorization)\/roleDefinitions\/([^/]+)$/i
  return demandGuid(match.exec(roleDefinitionId)?.[1] ?? roleDefinitionId, 'role definition')
}

/** To ignore a condition would give more than was asked for. @throws {RelayError} OperationNotSupported */
function refuseCondition(condition: string | null | undefined): void {
  if (typeof condition !== 'string' || condition === '') return
  throw new RelayError('OperationNotSupported', { message: 'Role assignments with conditions are not supported' })
}

/**
 * What kind of principal gets a role. Whoever says the kind may name one that is still to come, as in Azure; of principals of
 * other issuers only he who assigns knows.
 * @throws {RelayError} PrincipalNotFound, PrincipalTypeMismatch
 */
function typeOfPrincipal(
  principal: DirectoryPrincipal | undefined,
  { principalId, said }: { readonly principalId: string; readonly said: keyof typeof typeNames | undefined },
): RoleAssignment['principalType'] {
  const wanted = said && typeNames[said]
  if (principal === undefined) {
    if (wanted !== undefined) return wanted
    if (principalId.includes(':')) return 'User'
    const id = principalId.replaceAll('-', '')
    throw new RelayError('PrincipalNotFound', {
      message: `Principal ${id} does not exist in the directory ${tenantId}. Say principalType to assign the role to one that is still to be created`,
    })
  }
  const type = principal.kind === 'user' ? 'User' : 'ServicePrincipal'
  if (wanted === undefined || wanted === type) return type
  throw new RelayError('PrincipalTypeMismatch', {
    message: `The PrincipalId '${principalId}' has type '${type}', which is different from specified PrincipalType '${wanted}'`,
  })
}

const typeNames = { user: 'User', group: 'Group', serviceprincipal: 'ServicePrincipal' } as const
