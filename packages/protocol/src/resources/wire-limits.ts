/** A control message is read into 64 KiB by .NET, which goes deaf for good when one byte more comes (observed). */
export const maxControlMessageBytes: number = 65_536

/** Bodies up to and including 64 KiB travel on the control channel (Hybrid Connections protocol, "Request message"). */
export const maxControlBodyBytes: number = 65_536

/** HTTP header metadata is limited to 32 KiB (Hybrid Connections protocol, "Request message"). */
export const maxHeaderJsonBytes: number = 32_768

/** A larger frame ends the Java client's socket; messages may be of any size (observed). */
export const maxFrameBytesToClient: number = 65_536

/** Listeners on one hybrid connection (Hybrid Connections protocol, "Listen message"). */
export const maxListenersPerEntity: number = 25

/** Characters of userMetadata. */
export const maxUserMetadataLength: number = 1024
