/** Where a sender's connection came from. The Java client cannot do without it (observed). */
export interface RemoteEndpointMember {
  readonly address: string
  readonly port: number
}

/** A sender wants a connection. Hybrid Connections protocol, "Accept message". */
export interface AcceptMessage {
  /** The rendezvous address; a listener opens it as it stands, or appends `&sb-hc-statusCode=...` to reject. */
  readonly address: string
  readonly id: string
  readonly connectHeaders: Readonly<Record<string, string>>
  readonly remoteEndpoint: RemoteEndpointMember
}

/** A sender's HTTP request. Hybrid Connections protocol, "Request message". */
export interface RequestMessage {
  /** The rendezvous address for a response that is too large for the control channel. */
  readonly address: string
  /** Comes back as `requestId`. */
  readonly id: string
  /** Path with the entity's name, and query. */
  readonly requestTarget: string
  readonly method: string
  readonly remoteEndpoint: RemoteEndpointMember
  readonly requestHeaders: Readonly<Record<string, string>>
  /** A binary message with the body follows directly. */
  readonly body: boolean
}

/** A listener's answer to a request. Hybrid Connections protocol, "Responding to requests". */
export interface ResponseMessage {
  readonly requestId: string
  readonly statusCode: number
  /** Reason phrase; the status has a standard one when this is absent. */
  readonly statusDescription?: string
  readonly responseHeaders: Readonly<Record<string, string>>
  /** A binary message with the body follows. */
  readonly body: boolean
}

/** A message that breaks the protocol. */
export interface MalformedMessage {
  readonly kind: 'malformed'
  /** Names what is wrong, never the message's content. */
  readonly reason: string
}

/** A message with no command that we know; it is to be ignored. */
export interface UnknownMessage {
  readonly kind: 'unknown'
  /** Its first top-level member; empty when there is none. */
  readonly name: string
}
