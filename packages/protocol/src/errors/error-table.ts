import { authorizationErrors } from './authorization-errors.ts'
import type { ErrorEntry } from './error-entry.ts'
import { badGateway, badRequest, busy, forbidden, timeout, unauthorized } from './error-kinds.ts'
import { managementErrors } from './management-errors.ts'

/**
 * The one table of errors. The texts are Azure's where Azure's are known (observed), because people search for them.
 * The order matters to readers of the wire: of several codes with the same status and text the first one is meant.
 */
export const errorTable = {
  EndpointNotFound: {
    httpStatus: 404,
    closeCode: 1001,
    armCode: 'EndpointNotFound',
    isTransient: false,
    message: 'Endpoint does not exist',
    help: 'Check host and path: no hybrid connection has this name in the namespace that answers for this host.',
  },
  NoListenersConnected: {
    httpStatus: 404,
    closeCode: 1011,
    armCode: 'EndpointNotFound',
    isTransient: true,
    message: 'There are no listeners connected for the endpoint',
    help: 'Start a listener for this hybrid connection, or look why it cannot connect.',
  },
  NoListenersForRequest: {
    ...badGateway,
    message: 'There are no listeners connected for the endpoint',
    help: 'Start a listener for this hybrid connection, or look why it cannot connect.',
  },
  NoListenerMatches: {
    httpStatus: 404,
    closeCode: 1011,
    armCode: 'EndpointNotFound',
    isTransient: true,
    message: 'None of the connected listeners meet the AllowedListeners/DisallowedListeners criteria',
    help: 'Change the headers Microsoft-Relay-AllowedListeners and -DisallowedListeners, or start the listener they name.',
  },
  TokenMissing: {
    ...unauthorized,
    message: 'The authorization header or token is missing',
    help: 'Send a token in the header ServiceBusAuthorization or in the query parameter sb-hc-token.',
  },
  TokenMalformed: {
    ...unauthorized,
    message: 'MalformedToken: The token cannot be read',
    help: 'A token looks like "SharedAccessSignature sr=...&sig=...&se=...&skn=...", with encoded values.',
  },
  TokenSignatureInvalid: {
    ...unauthorized,
    message: 'The token has an invalid signature',
    help: 'Check name and key of the rule; the key is used as text, never base64-decoded.',
  },
  TokenRuleUnknown: {
    ...unauthorized,
    // The same words as for a wrong key: strangers shall not learn which rules exist.
    message: 'The token has an invalid signature',
    help: 'No rule of the hybrid connection or its namespace has the name in the token (skn).',
  },
  TokenExpired: {
    ...unauthorized,
    message: 'ExpiredToken: The token has expired',
    help: 'Make a new token, and check the clock of the machine that signs.',
  },
  TokenAudienceInvalid: {
    ...unauthorized,
    message: 'InvalidAudience: The authorization header contains a token with a wrong audience',
    help: 'Sign for this host and for this path or a part of it that ends at a slash (sr of the token).',
  },
  TokenNotYetValid: {
    ...unauthorized,
    message: 'MalformedToken: The token is not valid yet',
    help: 'The clock of the machine that made the token is ahead, or that of the relay is behind.',
  },
  TokenIssuerUnknown: {
    ...unauthorized,
    message: 'InvalidIssuer: The token was issued by somebody whom the relay does not trust',
    help: 'Sign in at this relay, or name the issuer in its option oidcIssuers.',
  },
  TokenPrincipalInvalid: {
    ...unauthorized,
    message: 'The principal of the token has been deleted or disabled',
    help: 'Sign in as somebody else, or have the principal enabled.',
  },
  IssuerUnavailable: {
    ...busy,
    message: 'The issuer of the token cannot be reached to check it',
    help: 'Try again later; if it repeats, check the way from the relay to the OpenID Connect issuer. /readyz names it.',
  },
  RightMissing: {
    ...unauthorized,
    message: 'MissingRight: The rule of the token does not have the right that is needed',
    help: 'Listeners need Listen, senders need Send: use another rule, or give this one the right.',
  },
  ListenerRejected: {
    ...badRequest,
    armCode: 'ListenerRejected',
    message: 'Rejected by user code',
    help: 'The listener was reached and said no; its log says why. The status is of its choice.',
  },
  ListenerLost: {
    ...badGateway,
    message: 'The listener was lost before it answered',
    help: 'Try again; if it repeats, the listener fails while it handles the connection.',
  },
  ListenerProtocolViolation: {
    ...badGateway,
    closeCode: 1002,
    isTransient: false,
    message: 'The listener gave an answer that cannot be understood',
    help: 'The log of the relay says what was wrong with it; look for a newer version of the listener.',
  },
  AcceptTimeout: {
    ...timeout,
    message: 'None of the connected listeners accepted the connections within the allowed timeout',
    help: 'A listener is connected but does not open its rendezvous: is it overloaded, or cut off from the address?',
  },
  SenderGone: {
    httpStatus: 499,
    closeCode: 1001,
    armCode: 'ClientClosedRequest',
    isTransient: true,
    message: 'The sender closed the connection before it was answered',
    help: 'Nothing is wrong with the relay; the sender gave up.',
  },
  RequestTimeout: {
    ...timeout,
    message: 'The request was not received in the allowed time',
    help: 'The sender stopped in the middle of its request.',
  },
  ResponseTimeout: {
    httpStatus: 504,
    closeCode: 1011,
    armCode: 'GatewayTimeout',
    isTransient: true,
    message: 'The request was routed to the listener but the listener did not respond in the required time',
    help: 'Make the listener answer sooner, or raise the response timeout of the hybrid connection.',
  },
  OfferUnknown: {
    ...forbidden,
    message: 'The rendezvous address is not valid or has expired',
    help: 'A listener must open the address of an accept or request message at once, and as it stands.',
  },
  OfferUsed: {
    ...forbidden,
    message: 'The rendezvous address has been used already',
    help: 'An address is good for one connection; wait for the next message.',
  },
  RejectCompleted: {
    httpStatus: 410,
    closeCode: 1000,
    armCode: 'Gone',
    isTransient: false,
    message: 'The connection was rejected as asked',
    help: 'This is the expected answer to the handshake by which a listener rejects a sender.',
  },
  MaximumListenersPerEndpoint: {
    ...forbidden,
    armCode: 'QuotaExceeded',
    isTransient: true,
    message: 'The maximum number of listeners per endpoint has been reached',
    help: 'Stop a listener of this hybrid connection, or raise the limit.',
  },
  QuotaExceeded: {
    ...forbidden,
    armCode: 'QuotaExceeded',
    isTransient: true,
    message: 'A quota of the namespace has been reached',
    help: 'Close connections that nobody needs, or raise the quota.',
  },
  TooManyPendingOffers: {
    ...busy,
    message: 'Too many connections are waiting to be accepted',
    help: 'Try again later; if it repeats, the listeners are too slow or too few.',
  },
  RequestHeaderTooLarge: {
    httpStatus: 431,
    closeCode: 1009,
    armCode: 'RequestHeaderFieldsTooLarge',
    isTransient: false,
    message: 'The headers are too large',
    help: 'Send less: cookies and tokens are the usual reason.',
  },
  RequestHeadersTooMany: {
    httpStatus: 431,
    closeCode: 1009,
    armCode: 'RequestHeaderFieldsTooLarge',
    isTransient: false,
    message: 'There are too many headers',
    help: 'Send fewer headers.',
  },
  RequestMalformed: {
    ...badRequest,
    closeCode: 1002,
    message: 'The request cannot be understood',
    help: 'Check the client: what it sent is not valid HTTP, or not a handshake of this protocol.',
  },
  ActionUnknown: {
    ...badRequest,
    message: 'Unrecognized action',
    help: 'sb-hc-action must be listen, connect, accept or request.',
  },
  UpgradeRequired: {
    httpStatus: 426,
    closeCode: 1002,
    armCode: 'UpgradeRequired',
    isTransient: false,
    message: 'This address takes WebSocket connections only',
    help: 'Open it with a WebSocket client, or leave /$hc out of the path for an HTTP request.',
  },
  MethodNotAllowed: {
    httpStatus: 405,
    closeCode: 1002,
    armCode: 'MethodNotAllowed',
    isTransient: false,
    message: 'The method is not allowed here',
    help: 'Use another method; CONNECT is never relayed.',
  },
  HandshakeTimeout: {
    ...timeout,
    message: 'The handshake took too long',
    help: 'The client was connected but did not send a whole request; check the network between.',
  },
  TooManyUnauthorizedConnections: {
    ...busy,
    message: 'Too many connections are waiting for authorization',
    help: 'Try again later; the relay bounds what strangers may hold open.',
  },
  ServerBusy: {
    ...busy,
    message: 'The relay is starting or draining',
    help: 'Try again after the time in Retry-After.',
  },
  InternalError: {
    httpStatus: 500,
    closeCode: 1011,
    armCode: 'InternalServerError',
    isTransient: true,
    message: 'The service was unable to process the request',
    help: 'This is a fault of the relay: report it with the tracking id.',
  },
  AddressNotAllowed: {
    ...unauthorized,
    message: 'Unauthorized access for the source of the request',
    help: 'The network rules of the namespace do not let this address in, or its public network access is disabled.',
  },
  PreconditionFailed: {
    httpStatus: 412,
    closeCode: 1008,
    armCode: 'PreconditionFailed',
    isTransient: false,
    message: 'The resource was changed by somebody else',
    help: 'Read it again and repeat the change.',
  },
  ResourceConflict: {
    httpStatus: 409,
    closeCode: 1008,
    armCode: 'Conflict',
    isTransient: false,
    message: 'The resource cannot be changed in this way',
    help: 'It exists already, or the resources file owns it: change that file instead.',
  },
  InvalidConnectionString: {
    ...badRequest,
    message: 'The connection string cannot be read',
    help: 'It looks like "Endpoint=sb://host[:port]/;SharedAccessKeyName=...;SharedAccessKey=...;EntityPath=...".',
  },
  InvalidConfiguration: {
    ...badRequest,
    message: 'The configuration is not valid',
    help: 'Correct the options that are named; `--help` explains each.',
  },
  ConnectionFailed: {
    ...badGateway,
    message: 'The connection has failed',
    help: 'Check address, network and, for TLS, the certificate authority that this program trusts.',
  },
  CertificateOutOfDate: {
    ...badGateway,
    message: "The certificate is not valid at this machine's time",
    help: 'Set the clock of this machine: timedatectl set-ntp true. If it is right, have the certificate of the relay renewed.',
  },
  ConnectTimeout: {
    httpStatus: 504,
    closeCode: 1011,
    armCode: 'GatewayTimeout',
    isTransient: true,
    message: 'The connection was not made in time',
    help: 'Check address and firewall: packets are dropped rather than refused.',
  },
  ProxyUnreachable: {
    ...badGateway,
    message: 'The proxy cannot be reached',
    help: 'Check host, port and scheme of the proxy (--proxy, HTTPS_PROXY, ALL_PROXY); --proxy off, or the relay in NO_PROXY, does without it.',
  },
  ProxyAuthenticationRequired: {
    httpStatus: 407,
    closeCode: 1008,
    armCode: 'ProxyAuthenticationRequired',
    isTransient: false,
    message: 'The proxy asks for a user name and password, or refuses them',
    help: 'Put USER:PASSWORD@ before the host of the proxy, percent-encoded. Only Basic is supported: for NTLM or Negotiate have the relay exempted.',
  },
  ProxyRefused: {
    ...forbidden,
    message: 'The proxy does not let us through to the relay',
    help: 'Have whoever runs the proxy allow CONNECT to the host and port of the relay: one host name and one port are all.',
  },
  ProxyConnectFailed: {
    ...badGateway,
    message: 'The proxy could not reach the relay',
    help: 'The proxy answers, but the relay does not answer the proxy: check the host name, and the way from the proxy to the relay.',
  },
  TargetUnreachable: {
    ...badGateway,
    message: 'The target cannot be reached',
    help: 'Check that the service runs and that the machine of the listener can connect to it.',
  },
  EndpointNotAllowed: {
    ...forbidden,
    message: 'The endpoint of the hybrid connection is not allowed by the site that would lead there',
    help: 'At the site, allow it (hcm policy allow host:port), or set the endpoint back to one that is allowed.',
  },
  ProtocolViolation: {
    ...badRequest,
    closeCode: 1002,
    armCode: 'ProtocolViolation',
    message: 'The peer broke the protocol',
    help: 'Check that both ends speak the same protocol and version, and that no proxy changes what is sent.',
  },
  MessageTooLarge: {
    httpStatus: 413,
    closeCode: 1009,
    armCode: 'RequestEntityTooLarge',
    isTransient: false,
    message: 'The message is too large',
    help: 'Messages on the control channel are limited to 64 KiB; larger bodies go through a rendezvous.',
  },
  ControlChannelLost: {
    ...badGateway,
    message: 'The control channel was lost',
    help: 'The listener connects again by itself; if it repeats, look for a proxy that cuts idle connections.',
  },
  TokenExpiredOnChannel: {
    ...unauthorized,
    isTransient: true,
    message: 'ExpiredToken: The token of the control channel has expired',
    help: 'The listener must renew its token in time, or connect again with a new one.',
  },
  EntityDeleted: {
    httpStatus: 410,
    closeCode: 1001,
    armCode: 'Gone',
    isTransient: false,
    message: 'The hybrid connection has been deleted or disabled',
    help: 'Create it again, or stop the listener.',
  },
  AuthorizationRevoked: {
    ...unauthorized,
    message: 'The key or rule that admitted this connection has changed',
    help: 'Connect again with a token made from a present key.',
  },
  ...managementErrors,
  ...authorizationErrors,
} as const satisfies Readonly<Record<string, ErrorEntry>>

/** The name of a row of {@link errorTable}. */
export type ErrorCode = keyof typeof errorTable
