export { type ConnectionString, formatConnectionString, parseConnectionString } from './addresses/connection-string.ts'
export { parseRelayTarget, type RelayTarget } from './addresses/relay-target.ts'
export { formatRendezvousAddress, type RendezvousAddress } from './addresses/rendezvous-address.ts'
export { type AcceptMessage, encodeAccept } from './control-channel/accept-message.ts'
export { decodeListenerMessage, type ListenerMessage } from './control-channel/decode-listener-message.ts'
export { decodeServiceMessage, type ServiceMessage } from './control-channel/decode-service-message.ts'
export type { RemoteEndpointField } from './control-channel/remote-endpoint.ts'
export { encodeRequest, encodeRequestAddress, type RequestMessage } from './control-channel/request-message.ts'
export { encodeRenewToken, encodeResponse, type ResponseMessage } from './control-channel/response-message.ts'
export type { ErrorEntry } from './errors/error-entry.ts'
export { type ErrorTracking, formatErrorJson, formatErrorText, toReasonPhrase } from './errors/error-reply.ts'
export { type ErrorCode, errorTable } from './errors/error-table.ts'
export { isRelayError, RelayError, type RelayErrorOptions } from './errors/relay-error.ts'
export { toConnectHeaders, toRequestHeaders, toResponseHeaders } from './http/relayed-headers.ts'
export { toRequestTarget } from './http/request-target.ts'
export { hybridConnectionNameProblem, namespaceNameProblem, ruleNameProblem } from './resources/names.ts'
export { isRight, type Right, rights } from './resources/rights.ts'
export {
  maxControlBodyBytes,
  maxControlMessageBytes,
  maxFrameBytesToClient,
  maxHeaderJsonBytes,
  maxListenersPerEntity,
  maxUserMetadataLength,
} from './resources/wire-limits.ts'
export {
  createSharedAccessSignature,
  type HmacSha256,
  parseSharedAccessSignature,
  type SharedAccessSignature,
  signatureMatches,
} from './tokens/shared-access-signature.ts'
export { audienceCovers, audiencePath, type TokenAudience } from './tokens/token-audience.ts'
