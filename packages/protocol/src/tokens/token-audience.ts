import { decodeForm, decodePercent } from '../addresses/percent-codec.ts'

/** What a token was signed for. */
export interface TokenAudience {
  /** Lower case, without port; an IPv6 address in brackets. */
  readonly host: string
  /** Percent-decoded, without leading and trailing slash; empty for the whole namespace. */
  readonly path: string
}

/**
 * Reads the resource of a token (`sr`, still encoded); undefined when it is no URI of a relay. Scheme, port, letter case of
 * the host and a trailing slash say nothing, query and fragment are left out, `/$hc` is no part of the path: every
 * official client writes them differently (observed). The path is decoded twice, because clients encode the
 * percent-encoded URI once more. Without a scheme it is refused: `sr=db` may mean a path as well as a host.
 */
export function audiencePath(resourceEncoded: string): TokenAudience | undefined {
  const match = audiencePattern.exec(decodeForm(resourceEncoded))
  const host = match?.[1]
  if (host === undefined) return undefined
  const path = trimSlashes(match?.[2] ?? '').replace(/^(?:\$|%24)hc(?:\/+|$)/i, '')
  return { host: host.toLowerCase(), path: trimSlashes(decodePercent(path)) }
}

/**
 * Tells whether a token for `audience` (the path of {@link audiencePath}) is good for a request to `requestPath`: the same
 * path, or one below it. Compared without regard to case, at slashes only.
 */
export function audienceCovers(audience: string, requestPath: string): boolean {
  const outer = trimSlashes(audience).toLowerCase()
  const inner = trimSlashes(requestPath).toLowerCase()
  return outer === '' || inner === outer || inner.startsWith(`${outer}/`)
}

const audiencePattern =
  /^(?:https?|sb|wss?):\/\/(\[[0-9a-f:.]+\]|[^/?#:@[\]\\\s]+)(?::\d*)?(?:\/([^?#]*))?(?:[?#].*)?$/is

function trimSlashes(path: string): string {
  let start = 0
  let end = path.length
  while (path[start] === '/') start += 1
  while (end > start && path[end - 1] === '/') end -= 1
  return path.slice(start, end)
}
