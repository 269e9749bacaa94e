export { type Endpoint, formatEndpoint, isSameEndpoint } from '@postern/protocol'
export { HandshakeTurns } from './connection/handshake-turns.ts'
export { networkReason } from './connection/network-reason.ts'
export { createOpenSocket, type OpenSocket, type OpenSocketOptions } from './connection/open-socket.ts'
export type { ProxyServer } from './connection/proxy/proxy-server.ts'
export { createRelayFetch } from './connection/relay-fetch.ts'
export type { RelayOptions } from './connection/relay-options.ts'
export { type RelayRoute, relayRouteOf } from './connection/relay-route.ts'
export type { RelayedConnection, RelayedConnectionHandler } from './connection/relayed-connection.ts'
export type { EntityFacts } from './entity/atom-entry.ts'
export { endpointOfMetadata, parseEndpoint } from './entity/endpoint.ts'
export { EntityWatch, type EntityWatchOptions } from './entity/entity-watch.ts'
export { type EntityPlace, readEntity } from './entity/read-entity.ts'
export type { AcceptOptions, ConnectionRequest, Rejection } from './listener/connection-request.ts'
export { Listener } from './listener/listener.ts'
export type { ListenerEvents, ListenerOptions, ListenerState } from './listener/listener-options.ts'
export { RelayPulse, type RelayPulseOptions } from './listener/relay-pulse.ts'
export type {
  MessageAction,
  MessageBody,
  MessageOptions,
  MessageReceipt,
} from './messages/message-options.ts'
export type { MessageStream } from './messages/message-stream.ts'
export type { MessageSource } from './messages/post-message.ts'
export { type Subscription, subscribe } from './messages/subscription.ts'
export type {
  MessageLoss,
  ReceivedMessage,
  SubscribeOptions,
  SubscriptionEvents,
} from './messages/subscription-options.ts'
export type { RelayedRequest } from './requests/relayed-request.ts'
export type { RelayedResponse } from './requests/relayed-response.ts'
export {
  type ConnectOnceOptions,
  type ConnectOptions,
  connect,
  type MessageStreamOptions,
  Sender,
  type SenderOptions,
} from './sender/sender.ts'
export { type RelayedBytes, RelayedStream } from './stream/relayed-stream.ts'
export { tokenProviderOf } from './tokens/connection-string-tokens.ts'
export { CurrentTokens } from './tokens/current-tokens.ts'
export { createFixedTokenProvider } from './tokens/fixed-signature.ts'
export { createKeyTokenProvider, type KeyTokenProviderOptions } from './tokens/shared-access-key.ts'
export type { SecurityToken, TokenProvider, TokenRequest } from './tokens/token-provider.ts'
