import { formatTarget } from '../names/endpoint-text.ts'
import { isAddress, plainHost } from '../names/host-name.ts'
import { type RouteSpec, relayPlaceOf } from './route-spec.ts'

/** The names that the connector itself looks up. Were one of them led to the connector, it would reach no relay any more. */
export function relayNamesOf(specs: readonly RouteSpec[]): ReadonlySet<string> {
  const hosts = specs.map(({ connectionString }) => plainHost(relayPlaceOf(connectionString).host))
  return new Set(hosts.filter((host) => !isAddress(host)))
}

/** Tells endpoints that can be had from those on the host of a relay, whoever has named them. */
export function apartFromRelays(specs: readonly RouteSpec[]): {
  readonly wanted: readonly RouteSpec[]
  readonly problems: readonly string[]
} {
  const relays = relayNamesOf(specs)
  const refused = specs.filter(({ host }) => relays.has(host))
  const problems = refused.map(
    (spec) =>
      `${formatTarget(spec)} (${spec.origin}) is on the host of a relay: its name would lead the connector to itself. Give the service another name`,
  )
  return { wanted: specs.filter(({ host }) => !relays.has(host)), problems }
}
