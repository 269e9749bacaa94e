import { resourceGroup, subscription } from '../flags.ts'
import type { ManagedCommand, ManagedFlag, ManagedGroup } from '../managed-command.ts'
import { createAssignment, deleteAssignments, listAssignments, principalTypes } from './role-assignments.ts'
import { deleteDefinition, listDefinitions, showDefinition, writeDefinition } from './role-definitions.ts'

const assignee: ManagedFlag = {
  long: 'assignee',
  value: 'ID',
  help: 'object id, client id, sign-in name or display name; ISSUER:NAME for somebody or a group of another issuer',
  to: 'run',
}
const role: ManagedFlag = { long: 'role', value: 'ROLE', help: 'name or id of the role', to: 'run' }
const scope: ManagedFlag = {
  long: 'scope',
  value: 'ID',
  help: 'where: / for everything, or the id of a subscription, group, namespace, hybrid connection or app; default: the subscription',
  to: 'run',
}
const group: ManagedFlag = {
  ...resourceGroup,
  help: 'resource group, in place of --scope',
  isRequired: false,
  to: 'run',
}
const { setting: _, ...groupWithoutDefault } = group
const scopeFlags = [scope, groupWithoutDefault, { ...subscription, to: 'run' } satisfies ManagedFlag]

const assignmentColumns = {
  Principal: 'principalName || principalId',
  Role: 'roleDefinitionName',
  Scope: 'scope',
  Name: 'name',
}
const definitionColumns = { Name: 'roleName', Type: 'roleType', Description: 'description' }
const definitionFile: ManagedFlag = {
  long: 'role-definition',
  value: 'JSON',
  help: 'JSON, or @FILE that holds it: Name, Description, Actions, NotActions, DataActions, NotDataActions, AssignableScopes',
  kind: 'json',
  isRequired: true,
  to: 'run',
}
const definitionName: ManagedFlag = {
  long: 'name',
  short: 'n',
  value: 'NAME',
  help: 'name or id of the role',
  isRequired: true,
  to: 'run',
}

export const roleGroups: readonly ManagedGroup[] = [
  { words: 'role', summary: 'Roles, and who has them where.' },
  { words: 'role assignment', summary: 'Who has which role where.' },
  { words: 'role definition', summary: 'What a role allows.' },
]

/** `postern role ...` */
export const roleCommands: readonly ManagedCommand[] = [
  {
    words: 'role assignment create',
    summary: 'Gives somebody a role.',
    flags: [
      { ...assignee, isRequired: true },
      { ...role, isRequired: true },
      ...scopeFlags,
      {
        long: 'assignee-principal-type',
        value: 'TYPE',
        help: 'what the assignee is; Group for a group of another issuer',
        choices: principalTypes,
        to: 'run',
      },
      { long: 'description', value: 'TEXT', help: 'why', to: 'run' },
    ],
    does: createAssignment,
    columns: assignmentColumns,
    examples: [
      '--assignee pipeline --role Contributor -g demo',
      '--assignee ann@example.com --role Reader --scope /',
      '--assignee corp:field-engineers --assignee-principal-type Group --role Reader --scope /',
    ],
  },
  {
    words: 'role assignment list',
    summary: 'Lists who has which role at a scope and above it; with --all below it too.',
    flags: [
      assignee,
      role,
      ...scopeFlags,
      { long: 'all', help: 'also what is assigned below the scope', kind: 'switch', to: 'run' },
    ],
    does: listAssignments,
    columns: assignmentColumns,
    examples: ['--all', '--assignee pipeline --all'],
  },
  {
    words: 'role assignment delete',
    summary: 'Takes roles away: what is assigned at exactly this scope to this assignee with this role.',
    flags: [
      assignee,
      role,
      ...scopeFlags,
      { long: 'id', value: 'ID', help: 'id of one assignment, in place of all else', to: 'run' },
    ],
    does: deleteAssignments,
    confirmation: 'What was admitted by the role ends at once.',
    examples: ['--assignee pipeline --role Contributor -g demo'],
  },
  {
    words: 'role definition list',
    summary: 'Lists the roles that can be assigned at a scope.',
    flags: [
      { ...definitionName, isRequired: false, help: 'only the role of this name' },
      { long: 'custom-role-only', help: 'without the built-in roles', kind: 'switch', to: 'run' },
      ...scopeFlags,
    ],
    does: listDefinitions,
    columns: definitionColumns,
    examples: ['', '--custom-role-only', '--name Reader -o json'],
  },
  {
    words: 'role definition show',
    summary: 'Shows what a role allows.',
    flags: [definitionName, ...scopeFlags],
    does: showDefinition,
    columns: {
      Name: 'roleName',
      Actions: "join(', ', permissions[].actions[])",
      DataActions: "join(', ', permissions[].dataActions[])",
    },
    examples: ['--name "Azure Relay Sender"'],
  },
  {
    words: 'role definition create',
    summary: 'Creates a role of your own, or changes the one that has its name.',
    flags: [definitionFile, { ...subscription, to: 'run' }],
    does: writeDefinition,
    columns: definitionColumns,
    examples: ['--role-definition @key-reader.json'],
  },
  {
    words: 'role definition delete',
    summary: 'Deletes a role of your own that nobody has.',
    flags: [definitionName, ...scopeFlags],
    does: deleteDefinition,
    confirmation: 'The role is gone.',
    examples: ['--name "Key reader"'],
  },
]
