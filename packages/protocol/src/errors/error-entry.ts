/** One row of the error table. */
export interface ErrorEntry {
  /** Status of an HTTP or handshake answer. */
  readonly httpStatus: number
  /** Close code when the error ends an open WebSocket. */
  readonly closeCode: number
  /** `error.code` in JSON bodies, as Azure names it. */
  readonly armCode: string
  /** Whether the same call may succeed later without a change. */
  readonly isTransient: boolean
  /** Wire text, without tracking. */
  readonly message: string
  /** What to do, for documentation and command lines. */
  readonly help: string
}
