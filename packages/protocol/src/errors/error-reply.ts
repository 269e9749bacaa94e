/** What an error text says about the operation that failed. */
export interface ErrorTracking {
  readonly trackingId: string
  /** `sb://<namespace host>/<entity>`: the official clients' tests look for both in the text. */
  readonly address: string
  readonly at: Date
}

/**
 * A reason phrase has no limit in RFC 9112, but clients have: Jetty and http_parser take a header line of 8 KiB, and
 * proxies less. Everything that we say fits in this.
 */
const maxReasonLength = 512
const maxTrackingIdLength = 80
/** Leaves at least 90 characters to the explanation. */
const maxAddressLength = 280

/**
 * Gives an error text the form that Azure's have, on one line and never longer than 512 characters (observed):
 * `Endpoint does not exist. TrackingId:<id>, SystemTracker:sb://<host>/<entity>, Timestamp:2024-09-24T15:06:04`.
 * The parts may come from strangers: control characters become spaces, what is too long is shortened, and the tracking
 * is never what falls away.
 */
export function formatErrorText(text: string, tracking: ErrorTracking): string {
  const trackingId = shorten(toSingleLine(tracking.trackingId), maxTrackingIdLength)
  const address = shorten(toSingleLine(tracking.address), maxAddressLength)
  const timestamp = tracking.at.toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length)
  const details = `. TrackingId:${trackingId}, SystemTracker:${address}, Timestamp:${timestamp}`
  const sentence = toSingleLine(text).replace(/\.$/, '')
  return shorten(sentence, maxReasonLength - details.length) + details
}

/**
 * Makes a text fit for a status line: one line, no control characters, nothing beyond Latin-1 (RFC 9112 section 4), at most
 * 512 characters. No text can end the line or begin a header.
 */
export function toReasonPhrase(text: string): string {
  return shorten(toSingleLine(text).replaceAll(/[^\u{20}-\u{7e}\u{a0}-\u{ff}]/gu, '?'), maxReasonLength)
}

/** The JSON body of an error reply: `{"error":{"code":"...","message":"..."}}`. */
export function formatErrorJson(code: string, message: string): string {
  return JSON.stringify({ error: { code, message } })
}

/** Runs of controls (C0, C1, DEL) and line separators become one space. */
function toSingleLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u{2028}\u{2029}]+/gu, ' ').trim()
}

function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - ellipsis.length)}${ellipsis}`
}

const ellipsis = '...'
