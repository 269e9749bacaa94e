/** No answer makes us wait longer than this before we look again. */
const maxWaitMs = 60_000

/** How long a Retry-After header asks to wait (RFC 9110 section 10.2.3: seconds or a date); the default without a good one. */
export function retryAfterMs(headers: Headers, defaultMs: number, nowMs: number = Date.now()): number {
  const text = headers.get('retry-after') ?? ''
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isNaN(ms) ? defaultMs : Math.min(Math.max(ms, 0), maxWaitMs)
}
