export interface ErrorTracking {
  readonly trackingId: string
  /** What was asked for: `sb://host/path`. */
  readonly address: string
  readonly at: Date
}

/**
 * An error text as the official clients show it and .NET's tests read it: the tracking id, host and entity are in it.
 * Observed: `Endpoint does not exist. TrackingId:<id>, SystemTracker:sb://<host>/<entity>, Timestamp:2024-09-24T15:06:04`.
 */
export function formatErrorText(text: string, { trackingId, address, at }: ErrorTracking): string {
  const timestamp = at.toISOString().slice(0, 19)
  const sentence = text.replace(/[.\s]+$/, '')
  return `${sentence}. TrackingId:${trackingId}, SystemTracker:${address}, Timestamp:${timestamp}`
}

/** Characters of a reason phrase at most: clients and proxies limit the status line. */
const maxReasonLength = 512

/**
 * Makes any text safe as an HTTP reason phrase (RFC 9112 section 4: tab, space, visible ASCII). Strangers choose parts of
 * it, so line ends must not survive; what is not ASCII becomes `?`.
 */
export function toReasonPhrase(text: string): string {
  return text
    .replace(/[\r\n\t\f\v]+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, maxReasonLength)
    .trim()
}

/** The JSON body that HTTP senders get beside the reason phrase: `{"error":{"code":"...","message":"..."}}`. */
export function formatErrorJson(code: string, message: string): string {
  return JSON.stringify({ error: { code, message } })
}
