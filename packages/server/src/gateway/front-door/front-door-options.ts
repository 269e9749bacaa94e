import type { SecureContext, TlsOptions } from 'node:tls'
import type { Logger } from '@postern/program'
import type { RelayLimits } from '../../domain/relay-limits.ts'
import type { ClientAddress } from './client-address.ts'
import type { FrontDoorHandler } from './front-door-handler.ts'
import type { DoorRefusal } from './front-door-refusal.ts'

/** TLS of a front door; `TlsSettings` in certificates/tls-options.ts is one. */
export interface FrontDoorTls {
  /** Certificate, SNICallback, versions and ciphers for `tls.createServer`. */
  readonly options: TlsOptions
  /** Called with the whole new options when the default certificate or the ticket keys change. */
  onChange(callback: (options: TlsOptions) => void): () => void
  /** Proofs that an ACME server asks for with the application protocol `acme-tls/1`. */
  readonly alpnChallenges?: FrontDoorAlpnChallenges | undefined
}

/** Certificates that are shown to ACME servers and to nobody else. RFC 8737 */
export interface FrontDoorAlpnChallenges {
  /** ClientHellos are looked at only while this is true. */
  readonly isPending: boolean
  contextFor(servername: string | undefined): SecureContext | undefined
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

export interface FrontDoorOptions {
  readonly handler: FrontDoorHandler
  /** Absent: plain HTTP, for a load balancer that ends TLS. */
  readonly tls?: FrontDoorTls
  readonly limits: FrontDoorLimits
  /** Whose word about the true source is taken. */
  readonly clientAddress: ClientAddress
  /**
   * Whether connections of trusted proxies begin with a PROXY header. `optional` is for proxies that are the only way in
   * for their clients' bytes: a proxy that passes them on untouched would let a client write the header itself.
   * Default `optional`.
   */
  readonly proxyHeader?: 'none' | 'optional' | 'required'
  readonly logger: Logger
  /** Called once for each refusal that never reaches the handler, for metrics and the log. */
  readonly onRefused?: (refusal: DoorRefusal) => void
  /** How long a kept-alive connection may wait for its next request. Default 75,000 ms: longer than usual proxies keep. */
  readonly keepAliveTimeoutMs?: number
}
