import type { ConnectionOptions } from 'node:tls'
import type { CarrierMode, Framing, ResumeRules, SocketSource } from '@postern/bridge'
import type { Logger, Secret } from '@postern/program'
import type { AppCredential } from './sources/app-credential.ts'

/** One hybrid connection that a connector is given by its connection string. */
export interface ConnectorEndpoint {
  /**
   * What programs open: `db.corp:5432`, `*.corp:443` for every name below, `dns.corp:53U` for UDP, `10.0.0.5:5432`.
   * Default: what the hybrid connection's metadata say, if the key may read them.
   */
  readonly endpoint?: string | undefined
  /** With EntityPath and a key that may send. */
  readonly connectionString: string | Secret
  /** Default: the connector's. */
  readonly framing?: Framing | undefined
  /** What azbridge's preamble asks for. Default: the port. */
  readonly portName?: string | undefined
  /** Who said so, for status and errors. */
  readonly origin?: string | undefined
}

/** Options of a Connector. */
export interface ConnectorOptions {
  readonly endpoints?: readonly ConnectorEndpoint[]
  /** Apps of the management plane, whose hybrid connections are followed live. */
  readonly apps?: readonly AppCredential[]
  /** Default `raw`, as Microsoft's Hybrid Connection Manager and ours expect it; the listener must agree. */
  readonly framing?: Framing
  /**
   * `off`: every stream has a relayed connection of its own, and nothing is left open behind the last one. Default `auto`:
   * streams share connections where the listener can.
   */
  readonly carriers?: CarrierMode
  /** How streams outlive a relayed connection. */
  readonly resume?: ResumeRules
  /** TLS settings for relays, or false for plain TCP to relays with `--tls off`. */
  readonly tls?: ConnectionOptions | false
  /** URL of a proxy on the way to relays, or `off`. Default: what the environment says. */
  readonly proxy?: Secret | undefined
  /** One address at which the ports of all endpoints are opened, instead of a loopback address for each host. */
  readonly address?: string | undefined
  /** Where loopback addresses and endpoints are remembered. Default: nowhere. */
  readonly stateFolder?: string
  /** False to open no ports: streams come from `connect` only. Default true. */
  readonly listen?: boolean
  /**
   * Opens the ports in another network, which programs have for themselves: a host that is an address is listened for at this
   * very address there. Default: this machine's network.
   */
  readonly sockets?: SocketSource
  /** False to ask relays and apps only when `Connector.refresh` is called. Default true: they are followed. */
  readonly watch?: boolean
  /** Addresses that stand for other hosts and must not be given to ours. */
  readonly isForeignAddress?: (address: string, host: string) => boolean
  /** Domains below which short names are looked for. Default: the system's. */
  readonly searchDomains?: readonly string[]
  /** How often relays are asked for endpoints that are not named, in ms. Default 30 s. */
  readonly entityIntervalMs?: number
  /** Default: silent. */
  readonly logger?: Logger
}
