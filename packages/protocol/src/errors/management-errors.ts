import type { ErrorEntry } from './error-entry.ts'
import { badRequest, forbidden, unauthorized } from './error-kinds.ts'

const conflict = { httpStatus: 409, closeCode: 1008, armCode: 'Conflict', isTransient: false } as const
const notFound = { httpStatus: 404, closeCode: 1008, isTransient: false } as const

/** The part of the error table that only the management plane speaks. Codes and texts are ARM's where they are known. */
export const managementErrors = {
  AuthenticationMissing: {
    ...unauthorized,
    armCode: 'AuthenticationFailed',
    message: "Authentication failed. The 'Authorization' header is missing",
    help: 'Sign in (`postern login`) and send the token as `Authorization: Bearer ...`.',
  },
  AuthenticationInvalid: {
    ...unauthorized,
    armCode: 'InvalidAuthenticationToken',
    message: 'The access token is invalid',
    help: 'Sign in again. A token is good only for the relay that issued it, or whose issuer is configured, and for its audience.',
  },
  AuthenticationExpired: {
    ...unauthorized,
    armCode: 'ExpiredAuthenticationToken',
    message: 'The access token has expired',
    help: 'Ask for a new token. If it is new, compare the clocks of both machines.',
  },
  AccessDenied: {
    ...forbidden,
    armCode: 'AuthorizationFailed',
    message: 'The caller does not have authorization to perform this action',
    help: 'Somebody with the role Owner can assign a role that includes the action: `postern role assignment create`.',
  },
  ApiVersionMissing: {
    ...badRequest,
    armCode: 'MissingApiVersionParameter',
    message: 'The api-version query parameter (?api-version=) is required for all requests',
    help: 'Add `?api-version=` with a version of docs/reference/management-routes.md.',
  },
  ApiVersionUnknown: {
    ...badRequest,
    armCode: 'InvalidApiVersionParameter',
    message: 'The api-version is not supported',
    help: 'The message lists the versions that are.',
  },
  ResourceTypeUnknown: {
    ...notFound,
    armCode: 'InvalidResourceType',
    message: 'The resource type could not be found',
    help: 'docs/reference/management-routes.md lists every route; compare the path segment by segment.',
  },
  ResourceNotFound: {
    ...notFound,
    armCode: 'ResourceNotFound',
    message: 'The resource was not found',
    help: 'Check subscription, resource group and name; `postern rest GET` on the list above it shows what there is.',
  },
  ResourceGroupNotFound: {
    ...notFound,
    armCode: 'ResourceGroupNotFound',
    message: 'The resource group could not be found',
    help: 'Create it first: `postern group create --name NAME --location LOCATION`.',
  },
  ParentResourceNotFound: {
    ...notFound,
    armCode: 'ParentResourceNotFound',
    message: 'The parent of the resource was not found',
    help: 'Create the parent first: a namespace before its hybrid connections, a plan before its apps.',
  },
  EntityNotFound: {
    ...notFound,
    armCode: 'EntityNotFound',
    message: 'Hybrid Connection does not exist',
    help: 'Check the name; `postern relay hyco list` shows what there is.',
  },
  EndpointAlreadyExists: {
    httpStatus: 409,
    closeCode: 1008,
    armCode: 'EndpointAlreadyExists',
    isTransient: false,
    message: 'The endpoint exists already',
    help: 'Choose another name, or send `If-Match: *` with the entry to change what is there.',
  },
  RequestContentInvalid: {
    ...badRequest,
    armCode: 'InvalidRequestContent',
    message: 'The request content was invalid',
    help: 'The message names the member that is wrong; docs/reference/openapi.json has the shape.',
  },
  RequestBodyTooLarge: {
    httpStatus: 413,
    closeCode: 1009,
    armCode: 'RequestEntityTooLarge',
    isTransient: false,
    message: 'The request body is too large',
    help: 'Bodies at the management door are limited to 256 KiB.',
  },
  NameInUse: {
    httpStatus: 409,
    closeCode: 1008,
    armCode: 'NameInUse',
    isTransient: false,
    message: 'The name of the namespace is in use',
    help: 'Names of namespaces are unique over all subscriptions, because host names are: choose another one.',
  },
  ResourceLimitReached: {
    ...forbidden,
    armCode: 'QuotaExceeded',
    message: 'There are as many resources of this kind as there may be',
    help: 'Delete what nobody needs; the message says how many there may be.',
  },
  PortNotGranted: {
    ...forbidden,
    armCode: 'PortNotGranted',
    message: 'The management API may not open this port',
    help: 'The operator of the relay says by --ingress-ports which public ports it may open; without the option none.',
  },
  HybridConnectionNotUsable: {
    ...badRequest,
    armCode: 'BadRequest',
    message: 'The hybrid connection cannot be used by App Service',
    help: 'It must require client authorization and have the metadata item "endpoint" with host:port; the message says which is missing.',
  },
  EndpointDiffers: {
    ...conflict,
    message: 'The hybrid connection stands for another endpoint',
    help: 'Leave host and port out, or change the endpoint of the hybrid connection: `postern relay hyco update --endpoint HOST:PORT`.',
  },
  HybridConnectionsNotInTier: {
    ...conflict,
    message: 'The plan has no hybrid connections in its tier',
    help: 'Scale the plan up to Basic or more: `postern appservice plan update --sku B1`.',
  },
  PlanLimitReached: {
    ...conflict,
    message: 'The plan uses as many hybrid connections as it may',
    help: 'Detach one that no app needs, or scale the plan up. `postern appservice hybrid-connection list --plan` shows which apps use what.',
  },
  TooManyFeeds: {
    httpStatus: 429,
    closeCode: 1013,
    armCode: 'TooManyRequests',
    isTransient: true,
    message: 'Too many connections follow the changes of the app',
    help: 'Each connector needs one; look whether something opens them and leaves them open.',
  },
  OperationNotSupported: {
    ...badRequest,
    armCode: 'OperationNotSupported',
    message: 'The operation is not supported',
    help: 'docs/out-of-scope.md says why, and what to use instead.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>
