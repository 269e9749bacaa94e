import type { ErrorEntry } from './error-entry.ts'
import { badRequest } from './error-kinds.ts'

const notFound = { httpStatus: 404, closeCode: 1008, isTransient: false } as const
const conflict = { httpStatus: 409, closeCode: 1008, isTransient: false } as const

/** The part of the error table that roles, their assignments and enrolments speak. Codes and texts are Azure's where they are known. */
export const authorizationErrors = {
  RoleAssignmentExists: {
    ...conflict,
    armCode: 'RoleAssignmentExists',
    message: 'The role assignment already exists',
    help: 'The principal has this role at this scope already; nothing is to be done.',
  },
  RoleAssignmentNotFound: {
    ...notFound,
    armCode: 'RoleAssignmentNotFound',
    message: 'The role assignment is not found',
    help: 'Name it by the whole id that a list shows: an assignment is found at its own scope only.',
  },
  RoleAssignmentUpdateNotPermitted: {
    ...badRequest,
    armCode: 'RoleAssignmentUpdateNotPermitted',
    message: 'Role, principal and scope of a role assignment are not allowed to be updated',
    help: 'Create another assignment and delete this one.',
  },
  PrincipalNotFound: {
    ...badRequest,
    armCode: 'PrincipalNotFound',
    message: 'The principal does not exist in the directory',
    help: 'Check the object id (it is not the client id), or say principalType for one that is still to be created.',
  },
  PrincipalTypeMismatch: {
    ...badRequest,
    armCode: 'UnmatchedPrincipalType',
    message: 'The principal has another type than the one that was specified',
    help: 'People are of type User; service principals, apps and Hybrid Connection Managers of type ServicePrincipal.',
  },
  RoleDefinitionUnknown: {
    ...badRequest,
    armCode: 'RoleDefinitionDoesNotExist',
    message: 'The specified role definition does not exist',
    help: '`postern role definition list` shows the roles that can be assigned at a scope.',
  },
  RoleDefinitionNotFound: {
    ...notFound,
    armCode: 'RoleDefinitionDoesNotExist',
    message: 'The specified role definition does not exist',
    help: '`postern role definition list` shows the roles that can be assigned at a scope.',
  },
  RoleDefinitionHasAssignments: {
    ...badRequest,
    armCode: 'RoleDefinitionHasAssignments',
    message: 'There are existing role assignments referencing the role',
    help: 'Delete the assignments of the role first.',
  },
  RoleDefinitionNameExists: {
    ...conflict,
    armCode: 'RoleDefinitionWithSameNameExists',
    message: 'A role with the same name already exists',
    help: 'Give the role another name; names are compared without regard to case.',
  },
  EnrolmentTokenInvalid: {
    httpStatus: 403,
    closeCode: 1008,
    armCode: 'EnrolmentTokenInvalid',
    isTransient: false,
    // The same words for all three: strangers shall not learn which tokens there were.
    message: 'The enrolment token is unknown, has expired or has been used already',
    help: 'A token is good for one Hybrid Connection Manager and for its time only: ask for a new one (`postern hcm enrol`).',
  },
  EnrolmentThrottled: {
    httpStatus: 429,
    closeCode: 1013,
    armCode: 'TooManyRequests',
    isTransient: true,
    message: 'Too many attempts to enrol have failed',
    help: 'Wait as long as Retry-After says, and check the token.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>
