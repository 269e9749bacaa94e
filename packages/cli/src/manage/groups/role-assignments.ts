import { randomUUID } from 'node:crypto'
import { type Item, isManagementError } from '@postern/management'
import { plainScope, RelayError } from '@postern/protocol'
import type { ManagedRun } from '../managed-command.ts'
import { findPrincipal } from './resolve-principal.ts'
import { findDefinition, readDefinitions } from './role-definitions.ts'
import { scopeOf } from './role-scope.ts'

type Assignment = Item<'RoleAssignments_ListForScope'>

/** An assignment in the form in which the Azure CLI prints it, with the names of what it joins. */
interface FlatAssignment extends Pick<Assignment, 'id' | 'name' | 'type'> {
  readonly principalId: string
  readonly principalName: string | null
  readonly principalType: string | null
  readonly roleDefinitionId: string
  readonly roleDefinitionName: string | null
  readonly scope: string
  readonly description: string | null
}

/** What an assignee can be. */
export const principalTypes = ['User', 'Group', 'ServicePrincipal'] as const
type PrincipalType = (typeof principalTypes)[number]

/** `postern role assignment create` */
export async function createAssignment(run: ManagedRun): Promise<FlatAssignment> {
  const { client, values } = run
  const scope = scopeOf(run)
  const { id: roleDefinitionId } = await findDefinition(run, String(values['role']), scope)
  const principalId = await assigneeId(run, String(values['assignee']))
  const assignment = await client.call('RoleAssignments_Create', {
    params: { scope, roleAssignmentName: randomUUID() },
    body: { properties: { roleDefinitionId, principalId, ...assignmentDetails(values) } },
  })
  const [only] = await withNames(run, [assignment], scope)
  return only ?? flat(assignment, {})
}

function assignmentDetails(values: ManagedRun['values']): {
  readonly description?: string
  readonly principalType?: PrincipalType
} {
  const { description, 'assignee-principal-type': type } = values
  return {
    ...(typeof description === 'string' && { description }),
    ...(typeof type === 'string' && { principalType: type as PrincipalType }),
  }
}

/** `postern role assignment list` */
export async function listAssignments(run: ManagedRun): Promise<readonly FlatAssignment[]> {
  const scope = scopeOf(run)
  return withNames(run, await findAssignments(run, scope, { isWithBelow: run.values['all'] === true }), scope)
}

/** `postern role assignment delete`: without anything that says which, nothing is deleted. */
export async function deleteAssignments(run: ManagedRun): Promise<undefined> {
  const { client, values } = run
  const { id } = values
  if (typeof id === 'string') {
    const match = /^(.*)\/providers\/Microsoft\.Authorization\/roleAssignments\/([^/]+)$/i.exec(id)
    if (!match) throw new RelayError('InvalidConfiguration', { message: `--id: "${id}" is no id of a role assignment` })
    const [, scope = '', roleAssignmentName = ''] = match
    await client.call('RoleAssignments_Delete', { params: { scope: scope === '' ? '/' : scope, roleAssignmentName } })
    return undefined
  }
  if (values['assignee'] === undefined && values['role'] === undefined) {
    throw new RelayError('InvalidConfiguration', { message: 'Which ones? Give --assignee, --role, or --id' })
  }
  const scope = scopeOf(run)
  const found = await findAssignments(run, scope, { isWithBelow: false })
  const here = found.filter(({ properties }) => plainScope(properties.scope) === plainScope(scope))
  if (here.length === 0) {
    throw new RelayError('ResourceNotFound', { message: `There is no such role assignment at ${scope}` })
  }
  for (const { name } of here)
    await client.call('RoleAssignments_Delete', { params: { scope, roleAssignmentName: name } })
  return undefined
}

async function findAssignments(
  run: ManagedRun,
  scope: string,
  { isWithBelow }: { readonly isWithBelow: boolean },
): Promise<readonly Assignment[]> {
  const { assignee, role } = run.values
  const terms = [
    ...(isWithBelow ? [] : ['atScope()']),
    ...(typeof assignee === 'string'
      ? [`principalId eq '${(await assigneeId(run, assignee)).replaceAll("'", "''")}'`]
      : []),
  ]
  const roleId = typeof role === 'string' ? (await findDefinition(run, role, scope)).name : undefined
  const query = terms.length > 0 ? { query: { $filter: terms.join(' and ') } } : {}
  const all: Assignment[] = []
  for await (const assignment of run.client.items('RoleAssignments_ListForScope', { params: { scope }, ...query })) {
    if (roleId === undefined || lastSegment(assignment.properties.roleDefinitionId) === roleId) all.push(assignment)
  }
  return all
}

/** Somebody of another issuer is not in the directory: he is taken as he is. */
async function assigneeId(run: ManagedRun, wanted: string): Promise<string> {
  if (/^[\w.-]{1,64}:./.test(wanted)) return wanted
  try {
    return (await findPrincipal(run, wanted)).properties.principalId
  } catch (error) {
    // Who may assign roles need not be allowed to read the directory: an object id needs no looking up.
    if (isManagementError(error) && error.status === 403) return wanted
    throw error
  }
}

async function withNames(
  run: ManagedRun,
  assignments: readonly Assignment[],
  scope: string,
): Promise<readonly FlatAssignment[]> {
  const definitions = await readDefinitions(run, scope)
  const roles = new Map(definitions.map(({ name, roleName }) => [name, roleName]))
  const principals = await principalNames(run)
  return assignments.map((assignment) => {
    const { roleDefinitionId, principalId } = assignment.properties
    const principalName = principals.get(principalId)
    const roleDefinitionName = roles.get(lastSegment(roleDefinitionId))
    return flat(assignment, {
      ...(principalName !== undefined && { principalName }),
      ...(roleDefinitionName !== undefined && { roleDefinitionName }),
    })
  })
}

/** Names of people and programs by their object ids; none for whom the directory is closed. */
async function principalNames({ client }: ManagedRun): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>()
  try {
    for await (const { name, properties } of client.items('Principals_List')) {
      names.set(name, properties.signInName ?? properties.displayName)
    }
  } catch (error) {
    if (!isManagementError(error) || error.status !== 403) throw error
  }
  return names
}

function flat(
  { id, name, type, properties }: Assignment,
  names: { readonly principalName?: string; readonly roleDefinitionName?: string },
): FlatAssignment {
  const { principalId, principalType = null, roleDefinitionId, scope, description = null } = properties
  const { principalName = null, roleDefinitionName = null } = names
  return {
    id,
    name,
    principalId,
    principalName,
    principalType,
    roleDefinitionId,
    roleDefinitionName,
    scope,
    description,
    type,
  }
}

function lastSegment(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1)
}
