import type { Framing } from '@postern/bridge'
import type { Secret } from '@postern/program'
import { parseConnectionString, RelayError } from '@postern/protocol'
import { type ConnectorTarget, formatTarget } from '../names/endpoint-text.ts'
import { isWildcard, matchesWildcard } from '../names/host-name.ts'

/** An endpoint and the hybrid connection that leads to it. */
export interface RouteSpec extends ConnectorTarget {
  /** With EntityPath. */
  readonly connectionString: Secret
  readonly framing: Framing
  /** What azbridge's preamble asks for; without that framing nobody is told. */
  readonly portName?: string
  /** One of the many that the hybrid connection leads to: its listener is told which. */
  readonly isBelowWildcard?: true
  /** Who said so, for people: `connector.yml`, `-x`, `app shop`. */
  readonly origin: string
}

/** Where a hybrid connection is. */
export interface RelayPlace {
  readonly host: string
  readonly port: number
  readonly path: string
}

const httpsPort = 443

/**
 * The hybrid connection that a connection string names.
 *
 * @throws {RelayError} InvalidConnectionString
 */
export function relayPlaceOf(connectionString: Secret): RelayPlace {
  const { endpoint, entityPath = '' } = parseConnectionString(connectionString.reveal())
  const path = entityPath.replace(/^\/+|\/+$/g, '')
  if (path !== '') return { host: endpoint.host, port: endpoint.port ?? httpsPort, path }
  throw new RelayError('InvalidConnectionString', {
    message: 'The connection string names no hybrid connection: add ;EntityPath=NAME',
  })
}

/** Writes a place for people and as a key: `relay.example.test:443/db`. */
export function formatPlace({ host, port, path }: RelayPlace): string {
  return `${host}:${port}/${path}`
}

/** What one route has for itself: two that want the same cannot both have it. */
export function routeKey(target: ConnectorTarget): string {
  return formatTarget(target)
}

/**
 * Puts concrete names in the place of wildcards, and of several that want the same endpoint keeps the first: one that
 * names the host before those that do by a wildcard.
 */
export function concreteSpecs(specs: readonly RouteSpec[], names: Iterable<string>): ReadonlyMap<string, RouteSpec> {
  const wildcards = specs.filter(({ host }) => isWildcard(host))
  const named = [...names].flatMap((host) =>
    wildcards
      .filter((spec) => matchesWildcard(spec.host, host))
      .map((spec) => ({ ...spec, host, isBelowWildcard: true as const })),
  )
  const concrete = new Map<string, RouteSpec>()
  for (const spec of [...specs.filter(({ host }) => !isWildcard(host)), ...named]) {
    if (!concrete.has(routeKey(spec))) concrete.set(routeKey(spec), spec)
  }
  return concrete
}
