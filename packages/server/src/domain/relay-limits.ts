/** What the relay grants to anybody. Defaults stand in config/option-table.ts, the only place that sets them. */
export interface RelayLimits {
  /** Control channels at once on one hybrid connection. */
  readonly maxListenersPerEntity: number
  /** Bytes of one request head (request line and headers) before it is refused with 431. */
  readonly maxHeaderBytes: number
  /** Header lines in one request before it is refused with 431. */
  readonly maxHeaderCount: number
  /** From accepted TCP connection to complete request head, TLS included. */
  readonly handshakeTimeoutMs: number
  /** Sockets at once that have not been authorised yet, over all clients. */
  readonly maxUnauthorizedConnections: number
  /** The same from one source address. */
  readonly maxUnauthorizedConnectionsPerAddress: number
  /** Offers waiting for a listener at once on one hybrid connection. */
  readonly maxPendingOffersPerEntity: number
  /** Relayed connections and requests at once in one namespace. */
  readonly maxConnectionsPerNamespace: number
  /** How long an accept address lives. */
  readonly acceptTimeoutMs: number
  /** How long a listener may take to begin an HTTP response, and how long a begun response may pause. */
  readonly httpResponseTimeoutMs: number
  /** How long a control channel outlives its token. */
  readonly tokenGraceMs: number
  /** A refused handshake is answered this late, so that clients that retry without delay cost little. */
  readonly refusalDelayMs: number
  /** Between two pings on an open WebSocket; two unanswered ones end it. */
  readonly pingIntervalMs: number
  /** Bytes that a slow reader may keep waiting in one direction of a relayed connection. */
  readonly relayBufferBytes: number
  /** Bytes of one message that is sent or published. */
  readonly maxMessageBytes: number
  /** Bytes of messages that may wait for one receiver; the next one is not written to it. */
  readonly messageQueueBytes: number
  /** Messages a second into one hybrid connection. */
  readonly maxMessagesPerSecond: number
}
