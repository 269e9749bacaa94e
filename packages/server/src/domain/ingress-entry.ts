import type { Secret } from '@postern/program'
import type { IngressOidc } from './ingress-oidc.ts'

/** Somebody who may pass an HTTP host with a password. */
export interface IngressUser {
  readonly name: string
  /** `scrypt$N$r$p$salt$hash`, as `postern ingress password` prints it. */
  readonly passwordHash: string
}

/** What an entry shows to devices in place of the relay's own certificates. */
export interface IngressCertificate {
  /** Chain in PEM, the certificate of the names first. */
  readonly certPem: string
  readonly keyPem: Secret
}

/** A public port, a name on it, or both, that lead to a hybrid connection: the relay itself is the sender. */
export interface IngressEntry {
  /** Unique in its namespace, without regard to case; in logs, metrics and audit records. */
  readonly name: string
  readonly hybridConnection: string
  readonly protocol: 'tcp' | 'udp'
  /** Address to bind; all of the machine when absent. */
  readonly address?: string
  readonly port: number
  /** TLS server names that go this way, lower case; `*.example.com` stands for one label. The port is shared with others then. */
  readonly sni?: readonly string[]
  /** HTTP hosts that go this way, in the same form. */
  readonly hosts?: readonly string[]
  /** `terminate`: TLS ends at the relay, with its certificates or the entry's own. `pass`: bytes go through as they come. */
  readonly tls: 'pass' | 'terminate'
  /** Bare bytes, or azbridge's preamble before them, where the listener is none of ours. */
  readonly framing: 'raw' | 'azbridge'
  /** What a listener of ours is asked for, as `host:port` among what it permits; default: its only target. */
  readonly target?: string
  /** What azbridge's preamble asks for; default: the port. */
  readonly portName?: string
  /** `guarded`: at least one of the guards below. */
  readonly access: 'open' | 'guarded'
  /** Addresses and networks that may come. */
  readonly allow?: readonly string[]
  /** PEM file with the authority whose client certificates may pass. */
  readonly clientCertificates?: string
  /** The same as PEM text, of the management API. */
  readonly clientAuthorityPem?: string
  /** Of the management API, which has none of the relay's own. */
  readonly certificate?: IngressCertificate
  readonly users?: readonly IngressUser[]
  readonly oidc?: IngressOidc
  /** Connections (UDP: client addresses) at once. */
  readonly maxConnections: number
  /** The same of one source: an IPv4 address, or the /64 of an IPv6 address. */
  readonly maxConnectionsPerSource: number
  /** New connections a second of one source; ten seconds' worth may come at once. */
  readonly connectionsPerSecondPerSource: number
  /** Tells the target in front of all bytes, or of each datagram, who the client is. */
  readonly proxyProtocol?: 'v2'
  /** Load balancers that say so to us, by a PROXY protocol header in front of all bytes. */
  readonly trustedProxies?: readonly string[]
}

/** Limits of an entry that names none: no person is kept out, one machine cannot take all. */
export const defaultIngressLimits = {
  maxConnections: 10_000,
  maxConnectionsPerSource: 1000,
  connectionsPerSecondPerSource: 200,
} as const

/** Whether devices must show a certificate. */
export function demandsCertificate(entry: Pick<IngressEntry, 'clientCertificates' | 'clientAuthorityPem'>): boolean {
  return entry.clientCertificates !== undefined || entry.clientAuthorityPem !== undefined
}
