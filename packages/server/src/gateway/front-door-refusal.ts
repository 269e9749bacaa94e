import { STATUS_CODES } from 'node:http'
import { errorTable, formatErrorJson } from '@postern/protocol'

/** Codes of the error table that a front door answers with by itself. */
export type FrontDoorRefusal =
  | 'RequestMalformed'
  | 'RequestHeaderTooLarge'
  | 'RequestHeadersTooMany'
  | 'HandshakeTimeout'
  | 'MethodNotAllowed'
  | 'TooManyUnauthorizedConnections'
  | 'InternalError'

/** A whole HTTP/1.1 response as it goes over the wire; the connection ends after it. */
export function formatRefusal(code: FrontDoorRefusal): string {
  const { status, headers, body } = describeRefusal(code)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`
}

/** Status, headers and body of a refusal, for a `ServerResponse`. */
export function describeRefusal(code: FrontDoorRefusal): {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
} {
  const { httpStatus, message } = errorTable[code]
  const body = formatErrorJson(code, message)
  return {
    status: httpStatus,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': String(Buffer.byteLength(body)),
      ...(httpStatus === 503 ? { 'Retry-After': '1' } : {}),
      Connection: 'close',
    },
    body,
  }
}

/** What an error of the HTTP parser means for the client. */
export function refusalOf(error: NodeJS.ErrnoException): FrontDoorRefusal {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'RequestHeaderTooLarge'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'HandshakeTimeout'
    default:
      return 'RequestMalformed'
  }
}
