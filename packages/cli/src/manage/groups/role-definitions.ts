import { randomUUID } from 'node:crypto'
import type { Item } from '@postern/management'
import { RelayError } from '@postern/protocol'
import type { ManagedRun } from '../managed-command.ts'
import { scopeOf } from './role-scope.ts'

type Definition = Item<'RoleDefinitions_List'>

/** A role in the form in which the Azure CLI prints it. */
export interface FlatDefinition {
  readonly id: string
  readonly name: string
  readonly roleName: string
  readonly roleType: string
  readonly description: string
  readonly permissions: Definition['properties']['permissions']
  readonly assignableScopes: readonly string[]
  readonly type: string
}

/** The roles that can be assigned at a scope. */
export async function readDefinitions({ client }: ManagedRun, scope: string): Promise<readonly FlatDefinition[]> {
  const all: FlatDefinition[] = []
  for await (const definition of client.items('RoleDefinitions_List', { params: { scope } })) all.push(flat(definition))
  return all
}

/** Finds a role by its name, or by its id. @throws {RelayError} ResourceNotFound */
export async function findDefinition(run: ManagedRun, wanted: string, scope: string): Promise<FlatDefinition> {
  const found = (await readDefinitions(run, scope)).find((definition) => isCalled(definition, wanted))
  if (found) return found
  throw new RelayError('ResourceNotFound', {
    message: `There is no role "${wanted}" at ${scope}: postern role definition list`,
  })
}

/** `postern role definition list` */
export async function listDefinitions(run: ManagedRun): Promise<readonly FlatDefinition[]> {
  const { name, 'custom-role-only': isCustomOnly } = run.values
  const all = await readDefinitions(run, scopeOf(run))
  return all.filter(
    (definition) =>
      (typeof name !== 'string' || isCalled(definition, name)) &&
      (!isCustomOnly || definition.roleType === 'CustomRole'),
  )
}

/** `postern role definition show` */
export function showDefinition(run: ManagedRun): Promise<FlatDefinition> {
  return findDefinition(run, String(run.values['name']), scopeOf(run))
}

/** `postern role definition create`: takes the files that are written for the Azure CLI. */
export async function writeDefinition(run: ManagedRun): Promise<FlatDefinition> {
  const members = byLowerName(run.values['role-definition'])
  const roleName = text(members, 'name') ?? text(members, 'rolename')
  if (roleName === undefined) throw invalid('has no Name')
  const assignableScopes = texts(members, 'assignablescopes')
  const [scope = scopeOf(run)] = assignableScopes
  const standing = (await readDefinitions(run, scope)).find((definition) => isCalled(definition, roleName))
  if (standing?.roleType === 'BuiltInRole') throw invalid(`names a built-in role, ${standing.roleName}`)
  const params = { scope, roleDefinitionId: standing?.name ?? randomUUID() }
  const definition = await run.client.call('RoleDefinitions_CreateOrUpdate', {
    params,
    body: {
      properties: {
        roleName,
        type: 'CustomRole',
        description: text(members, 'description') ?? '',
        permissions: [
          {
            actions: texts(members, 'actions'),
            notActions: texts(members, 'notactions'),
            dataActions: texts(members, 'dataactions'),
            notDataActions: texts(members, 'notdataactions'),
          },
        ],
        assignableScopes: assignableScopes.length > 0 ? assignableScopes : [scope],
      },
    },
  })
  return flat(definition)
}

/** `postern role definition delete` */
export async function deleteDefinition(run: ManagedRun): Promise<undefined> {
  const scope = scopeOf(run)
  const { name, assignableScopes } = await findDefinition(run, String(run.values['name']), scope)
  const params = { scope: assignableScopes[0] ?? scope, roleDefinitionId: name }
  await run.client.call('RoleDefinitions_Delete', { params })
  return undefined
}

function flat({ id, name, type, properties }: Definition): FlatDefinition {
  const { roleName, type: roleType, description, permissions, assignableScopes } = properties
  return { id, name, roleName, roleType, description, permissions, assignableScopes, type }
}

function isCalled({ id, name, roleName }: FlatDefinition, wanted: string): boolean {
  const lower = wanted.toLowerCase()
  return [id, name, roleName].some((each) => each.toLowerCase() === lower)
}

/** Files for the Azure CLI write names in either case. */
function byLowerName(definition: unknown): ReadonlyMap<string, unknown> {
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) throw invalid('is no object')
  return new Map(Object.entries(definition).map(([name, value]) => [name.toLowerCase(), value]))
}

function text(members: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = members.get(name)
  if (value === undefined || typeof value === 'string') return value
  throw invalid(`: ${name} is no text`)
}

function texts(members: ReadonlyMap<string, unknown>, name: string): readonly string[] {
  const value = members.get(name) ?? []
  if (Array.isArray(value) && value.every((each): each is string => typeof each === 'string')) return value
  throw invalid(`: ${name} is no list of texts`)
}

function invalid(problem: string): RelayError {
  return new RelayError('InvalidConfiguration', { message: `--role-definition ${problem}` })
}
