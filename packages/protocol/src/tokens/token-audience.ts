/** What a token's `sr` is for. */
export interface TokenAudience {
  /** Lower case, no port; brackets of an IPv6 address kept. */
  readonly host: string
  /** Decoded, without slashes at its ends; empty for the whole namespace. */
  readonly path: string
}

/**
 * Reads the audience of an encoded `sr`. Official clients differ (observed): http, https, sb, ws and wss; with and without
 * port; with and without a slash at the end; `+` or `%20`; a sub-path that is encoded once more.
 */
export function audiencePath(resource: string): TokenAudience | undefined {
  const uri = decode(resource.replace(/\+/g, ' '))
  const match = uri === undefined ? null : /^(?:[a-z][a-z0-9+.-]*:\/\/)?([^/?#]+)(\/[^?#]*)?/i.exec(uri)
  if (match?.[1] === undefined) return undefined
  const host = match[1].replace(/:\d*$/, '').toLowerCase()
  const rawPath = (match[2] ?? '').replace(/^\/(?:\$hc\/)?/i, '')
  const path = decode(rawPath) ?? rawPath
  return host === '' ? undefined : { host, path: trimSlashes(path) }
}

/**
 * Whether a token for `audience` (a TokenAudience path) is good for a request path (decoded, no leading slash): equal, or a
 * prefix of it at a segment border, without regard to case. The empty path covers the whole namespace.
 */
export function audienceCovers(audience: string, requestPath: string): boolean {
  if (audience === '') return true
  const covered = audience.toLowerCase()
  const wanted = trimSlashes(requestPath).toLowerCase()
  return wanted === covered || wanted.startsWith(`${covered}/`)
}

function trimSlashes(path: string): string {
  let start = 0
  let end = path.length
  while (start < end && path[start] === '/') start += 1
  while (end > start && path[end - 1] === '/') end -= 1
  return path.slice(start, end)
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
