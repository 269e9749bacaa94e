export type { CallerOptions, TokenSource } from './caller.ts'
export { errorHelp } from './error-help.ts'
export type { ServerEvent } from './event-parser.ts'
export {
  type CallSettings,
  createManagementClient,
  type Input,
  type Item,
  type LongRunningOperationId,
  type ManagementClient,
  type OperationId,
  type PagedOperationId,
  type RawReply,
  type Reply,
  type StreamOperationId,
  type TaggedReply,
} from './management-client.ts'
export { isManagementError, ManagementError, type ManagementErrorOptions } from './management-error.ts'
export { type AccessToken } from './oauth/access-token.ts'
export type { AuthorityOptions } from './oauth/authority.ts'
export { type ClientCredentialsOptions, signInWithClientCredentials } from './oauth/client-credentials.ts'
export { type DeviceCodeOptions, type DeviceCodePrompt, signInWithDeviceCode } from './oauth/device-code.ts'
export { refreshAccessToken } from './oauth/refresh-token.ts'
export { keepToken } from './oauth/token-keeper.ts'
export type { Operation, OperationInput } from './operation.ts'
export { type Operations, operationTable } from './operations.ts'
