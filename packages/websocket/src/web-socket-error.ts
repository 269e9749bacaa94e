/** Which close code tells the peer about each violation. RFC 6455 section 7.4.1. */
const closeCodes = {
  WS_RESERVED_BITS: 1002,
  WS_OPCODE: 1002,
  WS_MASK: 1002,
  WS_CONTROL_FRAME: 1002,
  WS_CLOSE_CODE: 1002,
  WS_FRAME_AFTER_CLOSE: 1002,
  WS_UTF8: 1007,
  WS_FRAME_TOO_LONG: 1009,
  WS_HANDSHAKE: 1002,
  WS_HANDSHAKE_TIMEOUT: 1002,
} as const

/** What went wrong, for programs; the message is for people. */
export type WebSocketErrorCode = keyof typeof closeCodes

/** The peer broke RFC 6455, or did not complete the handshake. */
export class WebSocketError extends Error {
  override readonly name = 'WebSocketError'
  readonly code: WebSocketErrorCode
  /** What a CLOSE frame says about it. */
  readonly closeCode: number

  constructor(code: WebSocketErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.closeCode = closeCodes[code]
  }
}
