import { WebSocketError } from './web-socket-error.ts'

/** What a CLOSE frame says. */
export interface CloseStatus {
  /** Absent when the frame was empty. */
  readonly code?: number
  readonly reason: string
}

const maxReasonBytes = 123
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** The payload of a CLOSE frame; without a code it is empty. A reason of more than 123 bytes is cut at a character. */
export function encodeClose(code?: number, reason = ''): Uint8Array {
  if (code === undefined) return new Uint8Array(0)
  const payload = new Uint8Array(2 + maxReasonBytes)
  payload[0] = code >> 8
  payload[1] = code & 255
  const { written } = encoder.encodeInto(reason, payload.subarray(2))
  return payload.subarray(0, 2 + written)
}

/**
 * Reads the payload of a CLOSE frame.
 * @throws {WebSocketError} WS_CLOSE_MALFORMED (1 byte, or a code that must not stand on the wire), WS_INVALID_UTF8
 */
export function decodeClose(payload: Uint8Array): CloseStatus {
  if (payload.length === 0) return { reason: '' }
  const code = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0)
  if (payload.length === 1 || !isCloseCode(code)) throw new WebSocketError('WS_CLOSE_MALFORMED')
  try {
    return { code, reason: utf8.decode(payload.subarray(2)) }
  } catch {
    throw new WebSocketError('WS_INVALID_UTF8')
  }
}

/** RFC 6455 section 7.4: registered codes, and those of libraries and applications; 1004-1006 and 1015 are never sent. */
function isCloseCode(code: number): boolean {
  return (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999)
}
