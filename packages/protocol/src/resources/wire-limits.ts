/** Bytes of one JSON message to a listener: one more deafens a .NET listener for good (observed). */
export const maxControlMessageBytes: number = 65_536

/** Bytes of a body on the control channel, inclusive. Hybrid Connections protocol, "Request message". */
export const maxControlBodyBytes: number = 65_536

/** Bytes of all headers of one message as JSON. Hybrid Connections protocol, "Request message": 32 kB. */
export const maxHeaderJsonBytes: number = 32_768

/** Payload bytes of one data frame to a client: a longer one ends a Java client's socket (observed). */
export const maxFrameBytesToClient: number = 65_536

/** How long an accept address can be used. Hybrid Connections protocol, "Accept message": 30 seconds. */
export const acceptTimeoutMs: number = 30_000

/** How long a response may take, and how long it may pause. Hybrid Connections protocol, "Responding to requests". */
export const httpResponseTimeoutMs: number = 60_000

/** How long after its expiry a token still counts: official clients renew at that moment, not before (observed). */
export const tokenGraceMs: number = 300_000

/** Hybrid Connections protocol, "Listen message". */
export const maxListenersPerEntity: number = 25

/** Bytes of one message that is sent or published, when nobody configured it. docs/protocol/messages.md, "Limits" */
export const maxMessageBytes: number = 65_536

/** Characters of a hybrid connection's userMetadata, as the .NET management client documents it. */
export const maxUserMetadataLength: number = 1024
