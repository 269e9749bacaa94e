import { type ErrorCode, errorTable, RelayError } from '@postern/protocol'
import { HandshakeRefused, type RefusedAnswer } from '@postern/websocket'
import { codeOfText } from './code-of-text.ts'
import { networkReason } from './network-reason.ts'

/** Who asked: the same status means different things to them. */
export type HandshakeRole = 'listener' | 'sender' | 'rendezvous' | 'messages'

/** A failed handshake, with what the relay said about the next attempt. */
export interface HandshakeFailure {
  readonly error: RelayError
  /** The relay's `Retry-After` in ms. */
  readonly retryAfterMs?: number
}

/** A clock that is off by less than this is not worth a word: tokens live longer. */
const notableSkewMs = 120_000

/**
 * Turns what a dial threw into a RelayError. A refusal is told by its status and, where several codes share one, by the
 * reason phrase beginning with the text of the error table. A status of the listener's own choice becomes `ListenerRejected` with that status.
 *
 * @param target `host:port`, for the text of network errors.
 */
export function describeHandshakeFailure(thrown: unknown, role: HandshakeRole, target: string): HandshakeFailure {
  if (thrown instanceof RelayError) return { error: thrown }
  if (thrown instanceof HandshakeRefused) return describeRefusal(thrown, role, thrown)
  const { reason, help } = networkReason(thrown)
  const code = reason === 'timeout' ? 'ConnectTimeout' : 'ConnectionFailed'
  const message = reason === 'timeout' ? `${target} did not answer in time` : `Cannot reach ${target}: ${reason}`
  return { error: new RelayError(code, { message, cause: thrown, ...(help !== undefined && { help }) }) }
}

/**
 * Turns an answer that refuses into a RelayError: that of a handshake, or of an HTTP request to the relay itself.
 *
 * @param cause what is behind it, for the error.
 */
export function describeRefusal(
  refused: Pick<RefusedAnswer, 'status' | 'reason' | 'headers'>,
  role: HandshakeRole,
  cause?: Error,
): HandshakeFailure {
  const { text, trackingId } = splitReason(refused.reason)
  const known = codeOfText(text, (entry) => entry.httpStatus === refused.status)
  const code =
    known?.code ?? codeByStatus[role][refused.status] ?? (role === 'sender' ? 'ListenerRejected' : 'InternalError')
  const skew = refused.status === 401 ? clockSkew(headerOf(refused, 'date')) : ''
  const retryAfterMs = parseRetryAfter(headerOf(refused, 'retry-after'))
  const error = new RelayError(code, {
    message: (known?.text ?? (text || errorTable[code].message)) + skew,
    httpStatus: refused.status,
    cause,
    ...(trackingId !== undefined && { trackingId }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
  return retryAfterMs === undefined ? { error } : { error, retryAfterMs }
}

/** `<text>. TrackingId:<id>, SystemTracker:..., Timestamp:...` (observed). */
function splitReason(reason: string): { text: string; trackingId?: string } {
  const match = /^(.*?)[.,;]?\s*TrackingId:\s*([^,\s]+)/s.exec(reason)
  return match ? { text: match[1] ?? '', ...(match[2] !== undefined && { trackingId: match[2] }) } : { text: reason }
}

/** For relays whose texts are not ours. A sender's other statuses are the listener's own words. */
const codeByStatus: Readonly<Record<HandshakeRole, Readonly<Record<number, ErrorCode>>>> = {
  listener: {
    400: 'RequestMalformed',
    401: 'TokenSignatureInvalid',
    403: 'QuotaExceeded',
    404: 'EndpointNotFound',
    408: 'HandshakeTimeout',
    503: 'ServerBusy',
  },
  sender: { 408: 'AcceptTimeout', 503: 'ServerBusy', 504: 'AcceptTimeout' },
  rendezvous: {
    400: 'OfferUnknown',
    403: 'OfferUnknown',
    404: 'OfferUnknown',
    410: 'RejectCompleted',
    503: 'ServerBusy',
  },
  messages: {
    400: 'RequestMalformed',
    401: 'TokenSignatureInvalid',
    403: 'QuotaExceeded',
    404: 'EndpointNotFound',
    413: 'MessageTooLarge',
    431: 'RequestHeaderTooLarge',
    502: 'NoListenersForRequest',
    503: 'ServerBusy',
  },
}

function headerOf(refused: Pick<RefusedAnswer, 'headers'>, name: string): string | undefined {
  const value: unknown = (refused.headers as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' ? value : undefined
}

/** RFC 9110 section 10.2.3: seconds or a date. */
function parseRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return ms > 0 ? ms : undefined
}

function clockSkew(date: string | undefined): string {
  const skewMs = date === undefined ? Number.NaN : Date.now() - Date.parse(date)
  if (!(Math.abs(skewMs) > notableSkewMs)) return ''
  const minutes = Math.round(Math.abs(skewMs) / 60_000)
  return ` (the clock of this machine is ${minutes} min ${skewMs > 0 ? 'ahead of' : 'behind'} the relay's)`
}
