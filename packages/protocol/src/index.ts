export { type ConnectionString, formatConnectionString, parseConnectionString } from './addresses/connection-string.ts'
export { lookupName } from './addresses/lookup-name.ts'
export { encodeProxyHeader, type ProxiedConnection } from './addresses/proxy-header.ts'
export { parseRelayTarget, type RelayTarget } from './addresses/relay-target.ts'
export { formatRendezvousAddress, type RendezvousAddressParts } from './addresses/rendezvous-address.ts'
export { decodeListenerMessage, type ListenerMessage } from './control-channel/decode-listener-message.ts'
export { decodeServiceMessage, type ServiceMessage } from './control-channel/decode-service-message.ts'
export {
  encodeAccept,
  encodeRenewToken,
  encodeRequest,
  encodeRequestAddress,
  encodeResponse,
  encodeTarget,
} from './control-channel/encode.ts'
export type {
  AcceptMessage,
  MalformedMessage,
  RemoteEndpointMember,
  RequestMessage,
  ResponseMessage,
  UnknownMessage,
} from './control-channel/messages.ts'
export {
  endpointHeader,
  parseTargetState,
  relayHeader,
  type TargetState,
  targetHeader,
} from './control-channel/postern-headers.ts'
export type { ErrorEntry } from './errors/error-entry.ts'
export { type ErrorTracking, formatErrorJson, formatErrorText, toReasonPhrase } from './errors/error-reply.ts'
export { type ErrorCode, errorTable } from './errors/error-table.ts'
export { isRelayError, RelayError, type RelayErrorOptions } from './errors/relay-error.ts'
export {
  type RelayedHeadersOptions,
  toConnectHeaders,
  toRequestHeaders,
  toResponseHeaders,
} from './http/relayed-headers.ts'
export { toRequestTarget } from './http/request-target.ts'
export { type Action, actions, defaultActions, isAction } from './resources/actions.ts'
export {
  type ArmId,
  type ArmPlace,
  appId,
  hybridConnectionId,
  hybridConnectionOfId,
  namespaceId,
  parseArmId,
  plainScope,
  plainScopeCovers,
  planId,
  resourceGroupId,
  scopeCovers,
} from './resources/arm-id.ts'
export { type Endpoint, formatEndpoint, isSameEndpoint, parseEndpoint } from './resources/endpoint.ts'
export {
  addEndpointToMetadata,
  endpointOfMetadata,
  metadataEndpointProblem,
  withMetadataEndpoint,
} from './resources/endpoint-metadata.ts'
export { hybridConnectionNameProblem, namespaceNameProblem, ruleNameProblem } from './resources/names.ts'
export { isRight, type Right, rights } from './resources/rights.ts'
export { withoutTrailingSlashes } from './resources/trailing-slashes.ts'
export {
  acceptTimeoutMs,
  httpResponseTimeoutMs,
  maxControlBodyBytes,
  maxControlMessageBytes,
  maxFrameBytesToClient,
  maxHeaderJsonBytes,
  maxListenersPerEntity,
  maxMessageBytes,
  maxUserMetadataLength,
  tokenGraceMs,
} from './resources/wire-limits.ts'
export { findRelayAccessToken, maxSoapHeadBytes, type RelayAccessToken } from './soap/find-relay-access-token.ts'
export {
  createSharedAccessSignature,
  type HmacSha256,
  parseSharedAccessSignature,
  type SharedAccessSignature,
  type SharedAccessSignatureOptions,
  signatureMatches,
} from './tokens/shared-access-signature.ts'
export { audienceCovers, audiencePath, type TokenAudience } from './tokens/token-audience.ts'
