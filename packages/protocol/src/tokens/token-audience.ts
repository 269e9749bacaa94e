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
 * path, or one below it. Compared without regard to case, at slashes only. A path that climbs out of the audience by `..`
 * is not below it: the relay passes it on as typed, and listeners resolve it.
 */
export function audienceCovers(audience: string, requestPath: string): boolean {
  const outer = trimSlashes(audience).toLowerCase()
  const inner = trimSlashes(requestPath).toLowerCase()
  if (outer === '') return true
  return (inner === outer || inner.startsWith(`${outer}/`)) && lowestDepth(inner) >= segmentsOf(outer).length
}

/**
 * How few segments of a path are left at the worst, on the way through its dot segments. Some servers take `\` for a slash,
 * some leave out empty segments first, some drop what follows a `;`: whatever climbs for one of them counts.
 */
function lowestDepth(path: string): number {
  const segments = segmentsOf(path)
  let depth = 0
  let lowest = Number.POSITIVE_INFINITY
  for (const segment of segments) {
    if (segment === '..') {
      depth -= 1
      lowest = Math.min(lowest, depth)
    } else if (segment !== '.') {
      depth += 1
    }
  }
  return Math.min(lowest, depth)
}

function segmentsOf(path: string): string[] {
  return path
    .split(/[\\/]/)
    .map((segment) => segment.replace(/^(\.{1,2});.*$/, '$1'))
    .filter((segment) => segment !== '')
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
