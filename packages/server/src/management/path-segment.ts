/** Longest decoded segment: the longest name that anything may have (a hybrid connection's 260), and some to spare. */
const maxSegmentLength = 512

/**
 * Decodes one segment of a request path, after splitting: a name with a slash comes as `%2F` (observed). Undefined for bad
 * escapes, controls, and segments that no name can equal.
 */
export function decodePathSegment(segment: string): string | undefined {
  try {
    const text = decodeURIComponent(segment)
    if (text.length > maxSegmentLength || text === '.' || text === '..') return undefined
    return /[\p{Cc}\u{2028}\u{2029}]/u.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** Fills a route template as an ARM id, which writes names as they are. `{+scope}` stands for a whole id. */
export function fillScope(template: string, params: Readonly<Record<string, string>>): string {
  const text = template.replace(/\{\+?(\w+)\}/g, (_, name: string) => params[name] ?? '')
  return text.replace(/^\/+/, '/')
}
