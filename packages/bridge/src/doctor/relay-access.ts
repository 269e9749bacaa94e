import type { RelayOptions, RelayRoute } from '@postern/client'
import { relayRouteOf } from '@postern/client'
import { broken, type Check, type Finding, type HopResult, relayChecks, runChecks, type Way } from '@postern/program'
import { type ErrorCode, RelayError } from '@postern/protocol'

/** A hybrid connection that is looked at, and how it is reached. */
export interface RelayAccess {
  readonly options: RelayOptions
  readonly route: RelayRoute
}

/** The relay knows who asks, and decides against it. */
export const refusedByRight: ReadonlySet<ErrorCode> = new Set(['RightMissing', 'AccessDenied', 'AddressNotAllowed'])

/** @throws {RelayError} InvalidConnectionString, InvalidConfiguration */
export function relayAccessOf(options: RelayOptions): RelayAccess {
  return { options, route: relayRouteOf(options) }
}

/** The checks from DNS to the clock. */
export function checksOfWay({ route }: RelayAccess): readonly Check[] {
  const { host, port, path, tls, proxy, open } = route
  const ca = tls ? (tls.ca as string | readonly string[] | undefined) : undefined
  const way: Way = { host, port, secure: tls !== false, ca, proxy, open }
  return relayChecks({ way, path, describeProxyFailure: (error) => findingOf(error, 'The proxy failed.') })
}

/**
 * Looks at the way to each relay once, however many hybrid connections there are.
 *
 * @param known results by `host:port`; those that are missing are added.
 */
export function resultsOfWay(
  access: RelayAccess,
  { known, signal }: { readonly known: Map<string, Promise<readonly HopResult[]>>; readonly signal: AbortSignal },
): Promise<readonly HopResult[]> {
  const key = `${access.route.host}:${access.route.port}`
  const standing = known.get(key)
  if (standing) return standing
  const results = runChecks(checksOfWay(access), { signal })
  known.set(key, results)
  return results
}

/** A failure with the help of the error table. */
export function findingOf(error: unknown, fallback: string): Finding {
  if (!(error instanceof RelayError)) return broken(error instanceof Error ? error.message : String(error), fallback)
  return broken(error.message.replaceAll(/\s+/g, ' ').trim(), error.help ?? fallback)
}
