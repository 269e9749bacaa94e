import { z } from 'zod'
import { actionPatternProblem } from '../../identity/roles/action-pattern.ts'
import type { Route } from '../route.ts'

const scope = '/{+scope}'
const definitions = `${scope}/providers/Microsoft.Authorization/roleDefinitions`
const assignments = `${scope}/providers/Microsoft.Authorization/roleAssignments`

/** Azure's own roles have at most some hundred; a decision looks at all of them. */
const maxPatterns = 200
const maxPermissions = 10
const maxAssignableScopes = 100

const pattern = z.string().superRefine((text, issues) => {
  const problem = actionPatternProblem(text)
  if (problem !== undefined) issues.addIssue({ code: 'custom', message: `an action ${problem}` })
})
const patterns = z
  .array(pattern)
  .max(maxPatterns)
  .nullish()
  .transform((list) => list ?? [])
const noControls = /^\P{Cc}*$/u

const permissionBody = z.object({
  actions: patterns,
  notActions: patterns,
  dataActions: patterns,
  notDataActions: patterns,
})

const definitionBody = z.object({
  properties: z.object({
    roleName: z.string().trim().min(1).max(128).regex(noControls),
    type: z.string().nullish(),
    description: z.string().max(1024).nullish(),
    permissions: z.array(permissionBody).min(1).max(maxPermissions),
    assignableScopes: z.array(z.string().min(1).max(1024)).min(1).max(maxAssignableScopes),
  }),
})

const assignmentBody = z.object({
  properties: z.object({
    roleDefinitionId: z.string().min(1).max(1024),
    principalId: z
      .string()
      .max(512)
      .regex(
        /^(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\w.-]{1,64}:\P{Cc}+)$/iu,
        'must be an object id (a GUID), or ISSUER:SUBJECT for a principal of another issuer',
      ),
    principalType: z
      .string()
      .toLowerCase()
      .pipe(z.enum(['user', 'group', 'serviceprincipal'], 'must be User, Group or ServicePrincipal'))
      .nullish(),
    description: z.string().max(1024).nullish(),
    condition: z.string().nullish(),
  }),
})

const list = <Item extends z.ZodType>(
  item: Item,
): z.ZodObject<{ value: z.ZodArray<Item>; nextLink: z.ZodOptional<z.ZodString> }> =>
  z.object({ value: z.array(item), nextLink: z.string().optional() })

const texts = z.array(z.string())
/** Data actions came with the version 2018-01-01-preview. */
const permissionReply = z.object({
  actions: texts,
  notActions: texts,
  dataActions: texts.optional(),
  notDataActions: texts.optional(),
})

const changedBy = {
  createdOn: z.string().nullable(),
  updatedOn: z.string().nullable(),
  createdBy: z.string().nullable(),
  updatedBy: z.string().nullable(),
}

const definitionReply = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal('Microsoft.Authorization/roleDefinitions'),
  properties: z.object({
    roleName: z.string(),
    type: z.enum(['BuiltInRole', 'CustomRole']),
    description: z.string(),
    assignableScopes: texts,
    permissions: z.array(permissionReply),
    ...changedBy,
  }),
})

const assignmentReply = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal('Microsoft.Authorization/roleAssignments'),
  properties: z.object({
    roleDefinitionId: z.string(),
    principalId: z.string(),
    principalType: z.enum(['User', 'Group', 'ServicePrincipal']).optional(),
    scope: z.string(),
    description: z.string().nullable().optional(),
    condition: z.null().optional(),
    conditionVersion: z.null().optional(),
    ...changedBy,
  }),
})

/** Roles, their assignments, and what the caller may do; at any scope, which is empty for everything. */
export const authorizationRoutes = [
  {
    id: 'RoleDefinitions_List',
    method: 'GET',
    path: definitions,
    versions: 'authorization',
    access: { action: 'Microsoft.Authorization/roleDefinitions/read', scope },
    summary: 'Lists the roles that can be assigned at a scope.',
    query: {
      $filter: "roleName eq 'NAME', type eq 'BuiltInRole' or 'CustomRole', atScopeAndBelow(); joined by and",
    },
    reply: list(definitionReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'RoleDefinitions_Get',
    method: 'GET',
    path: `${definitions}/{roleDefinitionId}`,
    versions: 'authorization',
    access: { action: 'Microsoft.Authorization/roleDefinitions/read', scope },
    summary: 'Gets a role.',
    reply: definitionReply,
    statuses: [200],
  },
  {
    id: 'RoleDefinitions_CreateOrUpdate',
    method: 'PUT',
    path: `${definitions}/{roleDefinitionId}`,
    versions: 'authorization',
    access: { action: 'Microsoft.Authorization/roleDefinitions/write', scope },
    summary: 'Creates or changes a custom role; the caller must be allowed to at each of its assignable scopes.',
    body: definitionBody,
    reply: definitionReply,
    statuses: [201],
  },
  {
    id: 'RoleDefinitions_Delete',
    method: 'DELETE',
    path: `${definitions}/{roleDefinitionId}`,
    versions: 'authorization',
    access: { action: 'Microsoft.Authorization/roleDefinitions/delete', scope },
    summary: 'Deletes a custom role that nobody has.',
    reply: definitionReply,
    statuses: [200, 204],
  },
  {
    id: 'RoleAssignments_ListForScope',
    method: 'GET',
    path: assignments,
    versions: 'authorization',
    access: { action: 'Microsoft.Authorization/roleAssignments/read', scope },
    summary: 'Lists the role assignments at a scope, above it and below it.',
    query: { $filter: "atScope() leaves those below out; principalId eq 'ID' or assignedTo('ID') with its groups" },
    reply: list(assignmentReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'RoleAssignments_Get',
    method: 'GET',
    path: `${assignments}/{roleAssignmentName}`,
    versions: 'authorization',
    access: { action: 'Microsoft.Authorization/roleAssignments/read', scope },
    summary: 'Gets a role assignment at its own scope.',
    reply: assignmentReply,
    statuses: [200],
  },
  {
    id: 'RoleAssignments_Create',
    method: 'PUT',
    path: `${assignments}/{roleAssignmentName}`,
    versions: 'authorization',
    access: { action: 'Microsoft.Authorization/roleAssignments/write', scope },
    summary: "Assigns a role to a principal at a scope, under a GUID of the caller's choice.",
    body: assignmentBody,
    reply: assignmentReply,
    statuses: [200, 201],
  },
  {
    id: 'RoleAssignments_Delete',
    method: 'DELETE',
    path: `${assignments}/{roleAssignmentName}`,
    versions: 'authorization',
    access: { action: 'Microsoft.Authorization/roleAssignments/delete', scope },
    summary: 'Takes a role away.',
    reply: assignmentReply,
    statuses: [200, 204],
  },
  {
    id: 'Permissions_List',
    method: 'GET',
    path: `${scope}/providers/Microsoft.Authorization/permissions`,
    versions: 'authorization',
    access: { anyone: 'signedIn' },
    summary: 'Lists what the caller may do at a scope.',
    reply: list(permissionReply),
    statuses: [200],
    isPaged: true,
  },
] as const satisfies readonly Route[]
