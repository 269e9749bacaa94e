import { errorTable, formatErrorJson, formatErrorText, toReasonPhrase } from '@postern/protocol'

/** Codes of the error table that a front door answers with by itself. */
export type FrontDoorRefusal =
  | 'RequestMalformed'
  | 'RequestHeaderTooLarge'
  | 'RequestHeadersTooMany'
  | 'HandshakeTimeout'
  | 'MethodNotAllowed'
  | 'TooManyUnauthorizedConnections'
  | 'InternalError'

/** A refusal that never reaches the handler. */
export interface DoorRefusal {
  readonly code: FrontDoorRefusal
  /** Source address. */
  readonly address: string
  readonly trackingId: string
  /** For the log; the message of the code when absent. */
  readonly reason?: string
}

/** A whole HTTP/1.1 response as it goes over the wire; the connection ends after it. */
export function formatRefusal(refusal: Pick<DoorRefusal, 'code' | 'trackingId'>): string {
  const { status, reason, headers, body } = describeRefusal(refusal)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n${body}`
}

/** Status, reason phrase, headers and body of a refusal, for a `ServerResponse`. */
export function describeRefusal({ code, trackingId }: Pick<DoorRefusal, 'code' | 'trackingId'>): {
  readonly status: number
  readonly reason: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
} {
  const { httpStatus, message } = errorTable[code]
  // Whom the client meant to reach is not known yet.
  const text = formatErrorText(message, { trackingId, address: 'sb://', at: new Date() })
  const body = formatErrorJson(code, text)
  return {
    status: httpStatus,
    reason: toReasonPhrase(text),
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
      TrackingId: trackingId,
      ...(httpStatus === 503 ? { 'Retry-After': '1' } : {}),
      Connection: 'close',
    },
    body,
  }
}

/** What an error of the HTTP parser means for the client. The parser stops alike at too many headers and too many bytes. */
export function refusalOf(
  error: NodeJS.ErrnoException & { readonly rawPacket?: Uint8Array },
  { maxHeaderCount }: { readonly maxHeaderCount: number },
): FrontDoorRefusal {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return countLines(error.rawPacket) > maxHeaderCount ? 'RequestHeadersTooMany' : 'RequestHeaderTooLarge'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'HandshakeTimeout'
    default:
      return 'RequestMalformed'
  }
}

function countLines(bytes: Uint8Array = new Uint8Array(0)): number {
  return bytes.reduce((lines, byte) => (byte === 0x0a ? lines + 1 : lines), 0)
}
