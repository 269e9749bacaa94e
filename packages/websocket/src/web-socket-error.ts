/** Every violation of RFC 6455 that is found here: the close code that tells the peer (section 7.4.1), and the text. */
const violations = {
  WS_RESERVED_BITS: { closeCode: 1002, message: 'A reserved bit is set that no extension gives a meaning' },
  WS_RESERVED_OPCODE: { closeCode: 1002, message: 'The opcode is reserved' },
  WS_FRAGMENTED_CONTROL: { closeCode: 1002, message: 'A control frame is fragmented' },
  WS_CONTROL_TOO_LONG: { closeCode: 1002, message: 'A control frame has more than 125 bytes' },
  WS_UNEXPECTED_CONTINUATION: { closeCode: 1002, message: 'A continuation frame came without a message' },
  WS_UNFINISHED_MESSAGE: { closeCode: 1002, message: 'A message began before the last one was finished' },
  WS_MASK_MISSING: { closeCode: 1002, message: 'A frame of a client is not masked' },
  WS_MASK_UNEXPECTED: { closeCode: 1002, message: 'A frame of a server is masked' },
  WS_CLOSE_MALFORMED: { closeCode: 1002, message: 'The CLOSE frame has no valid status code' },
  WS_INVALID_UTF8: { closeCode: 1007, message: 'A text is not UTF-8' },
  WS_LENGTH_UNSUPPORTED: { closeCode: 1009, message: 'A frame is longer than 2^53 - 1 bytes' },
} as const

/** What the peer did wrong, for programs; the message is for people. */
export type WebSocketErrorCode = keyof typeof violations

/** The peer broke RFC 6455. */
export class WebSocketError extends Error {
  override readonly name: string = 'WebSocketError'
  readonly code: WebSocketErrorCode
  /** What a CLOSE frame says about it. */
  readonly closeCode: number

  constructor(code: WebSocketErrorCode) {
    super(violations[code].message)
    this.code = code
    this.closeCode = violations[code].closeCode
  }
}
