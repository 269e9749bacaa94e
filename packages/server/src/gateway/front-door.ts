import type { Duplex } from 'node:stream'
import type { TlsOptions } from 'node:tls'
import type { Logger } from '@postern/program'
import type { RelayLimits } from '../domain/relay-limits.ts'
import type { ClientAddress } from './client-address.ts'
import type { FrontDoorHandler } from './front-door-handler.ts'

/** TLS of a front door; what `createTlsSettings` in certificates/tls-options.ts gives. */
export interface FrontDoorTls {
  /** Certificate, SNICallback, versions and ciphers for `tls.createServer`. */
  readonly options: TlsOptions
  /** Called with the whole new options when the default certificate or the ticket keys change. */
  onChange(callback: (options: TlsOptions) => void): () => void
}

export interface FrontDoorOptions {
  readonly handler: FrontDoorHandler
  /** Absent: plain HTTP, for a load balancer that ends TLS. */
  readonly tls?: FrontDoorTls
  readonly limits: FrontDoorLimits
  /** Whose word about the true source is taken. */
  readonly clientAddress: ClientAddress
  readonly logger: Logger
  /** Called once for each refusal that never reaches the handler, for metrics. */
  readonly onRefused?: (code: FrontDoorRefusal) => void
  /** How long a kept-alive connection may wait for its next request. Default 75,000 ms: longer than usual proxies wait. */
  readonly keepAliveTimeoutMs?: number
}

/** The limits that a front door enforces itself. */
export type FrontDoorLimits = Pick<
  RelayLimits,
  | 'maxHeaderBytes'
  | 'maxHeaderCount'
  | 'handshakeTimeoutMs'
  | 'maxUnauthorizedConnections'
  | 'maxUnauthorizedConnectionsPerAddress'
>

/** Codes of the error table that a front door answers with. */
export type FrontDoorRefusal =
  | 'RequestMalformed'
  | 'RequestHeaderTooLarge'
  | 'RequestHeadersTooMany'
  | 'HandshakeTimeout'
  | 'TooManyUnauthorizedConnections'

/** One listening port: raw connections in, limits, PROXY header, TLS, HTTP; requests and upgrades out to the handler. */
export class FrontDoor {
  readonly #options: FrontDoorOptions

  constructor(options: FrontDoorOptions) {
    this.#options = options
  }

  /** @param address `port` 0 takes any free one @returns the port in use */
  listen(address: { readonly host?: string; readonly port: number }): Promise<{ port: number }> {
    return Promise.reject(new Error(`not built yet: ${address.port} ${this.#options.limits.maxHeaderBytes}`))
  }

  /** Stops counting the connection as unauthorised. Takes `request.socket` or the socket of an upgrade. */
  markAuthorized(_socket: Duplex): void {}

  /** Closes the port; connections that are open go on. */
  stopAccepting(): void {}

  /** Ends kept-alive connections that have no request open, and connections that have not sent one. */
  closeIdle(): void {}

  /** Destroys every connection, upgraded ones included. */
  destroyAll(): void {}
}
