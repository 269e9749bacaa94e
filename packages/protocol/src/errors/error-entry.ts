/** What one error code means, everywhere it can be seen. */
export interface ErrorEntry {
  /** Status of an HTTP reply or of a refused handshake. */
  readonly httpStatus: number
  /** Code of the CLOSE frame when a WebSocket is open already. RFC 6455 section 7.4.1. */
  readonly closeCode: number
  /** `error.code` in JSON bodies. */
  readonly armCode: string
  /** The same thing tried again later may succeed. */
  readonly isTransient: boolean
  /** Text on the wire, without tracking and without a final full stop. */
  readonly message: string
  /** What a person can do about it, for documentation and command lines. */
  readonly help: string
}
