import { RelayError, scopeCovers } from '@postern/protocol'
import { builtInRoles } from '../../identity/roles/built-in-roles.ts'
import { isAssignableAt } from '../../identity/roles/role-changes.ts'
import { type ArmCall, type ArmHandlers, ok } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { type FilterTerm, readFilter, refuseTerm } from '../odata-filter.ts'
import { page } from '../page.ts'
import { nameIn, signedIn } from '../resources/resource-handlers.ts'
import type { authorizationRoutes } from './authorization-routes.ts'
import { demandGuid } from './demand-guid.ts'
import { roleDefinitionJson, type ShownRole } from './role-json.ts'
import { refuseScope, scopeOfCall } from './scope-of-call.ts'

type AuthorizationHandlers = ArmHandlers<typeof authorizationRoutes>
type Name = 'RoleDefinitions_List' | 'RoleDefinitions_Get' | 'RoleDefinitions_CreateOrUpdate' | 'RoleDefinitions_Delete'

/** Handlers of role definitions. */
export function roleDefinitionHandlers(parts: ManagementParts): Pick<AuthorizationHandlers, Name> {
  const { documents, roleChanges } = parts
  return {
    RoleDefinitions_List: (call) => {
      const scope = scopeOfCall(call)
      const terms = readFilter(call.query)
      const tests = terms.map(toTest)
      const found = listRoles(parts)
        .filter(({ role }) => tests.every((test) => test(role)))
        .filter(({ role }) => isVisibleAt(role, scope, { below: terms.some(({ kind }) => kind === 'call') }))
      return page(call, found, ({ role }) => roleDefinitionJson(role, { scope, apiVersion: call.apiVersion }))
    },
    RoleDefinitions_Get: (call) => {
      const scope = scopeOfCall(call)
      const id = nameIn(call.params, 'roleDefinitionId').toLowerCase()
      const found = listRoles(parts).find(({ key }) => key === id)
      if (found === undefined || !isVisibleAt(found.role, scope, { below: true })) throw notFound(id)
      return ok(roleDefinitionJson(found.role, { scope, apiVersion: call.apiVersion }))
    },
    RoleDefinitions_CreateOrUpdate: async (call) => {
      const scope = scopeOfCall(call)
      const id = demandGuid(nameIn(call.params, 'roleDefinitionId'), 'role definition')
      refuseBuiltIn(id)
      const { roleName, description, permissions, assignableScopes } = call.body.properties
      for (const each of assignableScopes) refuseScope(each)
      if (!isAssignableAt({ assignableScopes }, scope)) {
        throw new RelayError('RequestContentInvalid', {
          message: `The role is written at ${scope}, which is not among its assignable scopes`,
        })
      }
      const wanted = { id, roleName, description: description ?? '', permissions, assignableScopes }
      const stored = await roleChanges.define({ ...wanted, by: signedIn(call).id }, (standing) =>
        demandEverywhere(call, 'Microsoft.Authorization/roleDefinitions/write', [
          ...assignableScopes,
          ...(standing?.assignableScopes ?? []),
        ]),
      )
      const body = roleDefinitionJson(stored.document.value, { scope, apiVersion: call.apiVersion })
      return { status: 201, body }
    },
    RoleDefinitions_Delete: async (call) => {
      const scope = scopeOfCall(call)
      const id = nameIn(call.params, 'roleDefinitionId').toLowerCase()
      refuseBuiltIn(id)
      const stored = documents.get('roleDefinition', id)
      if (stored === undefined) return { status: 204 }
      const role = stored.document.value
      if (!isVisibleAt(role, scope, { below: true })) return { status: 204 }
      demandEverywhere(call, 'Microsoft.Authorization/roleDefinitions/delete', role.assignableScopes)
      const isDeleted = await roleChanges.undefine(stored)
      return isDeleted ? ok(roleDefinitionJson(role, { scope, apiVersion: call.apiVersion })) : { status: 204 }
    },
  }
}

/** A role reaches wherever it may be assigned: who changes it must have the say at each of those scopes. */
function demandEverywhere(call: ArmCall, action: string, scopes: readonly string[]): void {
  for (const scope of new Set(scopes)) call.demand(action, scope)
}

function listRoles({ documents }: ManagementParts): readonly { readonly key: string; readonly role: ShownRole }[] {
  const custom = documents.list('roleDefinition').map(({ document }) => document.value)
  return [...builtInRoles, ...custom]
    .map((role) => ({ key: role.id.toLowerCase(), role }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

/** Built-in roles are everywhere; custom ones where they may be assigned, and above that when asked. */
function isVisibleAt(role: ShownRole, scope: string, { below }: { readonly below: boolean }): boolean {
  const { assignableScopes } = role
  if (assignableScopes === undefined) return true
  const reaches = (assignable: string): boolean => below && scopeCovers(scope, assignable)
  return isAssignableAt({ assignableScopes }, scope) || assignableScopes.some(reaches)
}

/** @throws {RelayError} RequestContentInvalid for conditions that this list does not know */
function toTest(term: FilterTerm): (role: ShownRole) => boolean {
  if (term.kind === 'call' && term.name === 'atscopeandbelow') return () => true
  if (term.kind === 'comparison' && term.operator === 'eq') {
    const value = term.value.toLowerCase()
    if (term.name === 'rolename') return (role) => role.roleName.toLowerCase() === value
    if (term.name === 'type') return (role) => value === (role.assignableScopes ? 'customrole' : 'builtinrole')
  }
  return refuseTerm(term, 'roleName eq, type eq and atScopeAndBelow()')
}

/** @throws {RelayError} ResourceConflict */
function refuseBuiltIn(id: string): void {
  const role = builtInRoles.find((each) => each.id === id.toLowerCase())
  if (role === undefined) return
  throw new RelayError('ResourceConflict', { message: `${role.roleName} is a built-in role, which nobody can change` })
}

function notFound(id: string): RelayError {
  return new RelayError('RoleDefinitionNotFound', {
    message: `The specified role definition with ID '${id.slice(0, 64)}' does not exist`,
  })
}
