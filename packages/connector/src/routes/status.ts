import type { EndpointProtocol } from '../names/endpoint-text.ts'

/** How one endpoint is doing. */
export interface EndpointStatus {
  /** As it was given: `db.corp:5432`, UDP `dns.corp:53U`. */
  readonly endpoint: string
  readonly protocol: EndpointProtocol
  /** Where programs are led to: `127.64.0.1:5432`. */
  readonly address?: string
  /** `idle`: not listening, by intention. `failed`: see `problem`. */
  readonly state: 'listening' | 'idle' | 'failed'
  /** `host:port` of the relay. */
  readonly relay: string
  readonly hybridConnection: string
  /** Who named the endpoint: `connector.yml`, `-x`, `app shop`. */
  readonly origin: string
  readonly connections: number
  readonly connectionsTotal: number
  /** Payload bytes of closed connections. */
  readonly bytesToRelay: number
  readonly bytesFromRelay: number
  readonly lastError?: { readonly message: string; readonly at: string }
  /** What is wrong and what to do. */
  readonly problem?: string
}

/** How a whole connector is doing. */
export interface ConnectorStatus {
  readonly endpoints: readonly EndpointStatus[]
  /** What is wrong with where endpoints come from, and what to do. */
  readonly problems: readonly string[]
}

/** How a connector that runs is doing, and the ways in that it has opened. */
export interface ConnectorFacts extends ConnectorStatus {
  readonly pid: number
  /** The hosts file that has the names. */
  readonly hostsFile?: string
  /** `address:port` at which names are answered by DNS. */
  readonly dns?: string
}
