import type { Secret } from '@postern/program'
import { type IngressGrant, parseIngressGrant } from '../domain/ingress-grant.ts'
import type { OidcIssuer } from '../domain/oidc-issuer.ts'
import type { PlanLimitTable } from '../domain/plan-limits.ts'
import type { RelayLimits } from '../domain/relay-limits.ts'
import { type CertificateFiles, parseCertificateFiles } from './certificate-files.ts'
import { checkRelayConfig } from './check-relay-config.ts'
import { parseOidcIssuer } from './oidc-issuers.ts'
import type { RelayOptionValues } from './option-table.ts'

/** Certificates ordered from an ACME server. */
export interface AcmeConfig {
  readonly directoryUrl: string
  readonly email?: string
  /** Lower case, at least one. */
  readonly hosts: readonly string[]
  readonly challenge: 'tls-alpn-01' | 'http-01'
}

/** TLS of both doors. Neither certificates nor ACME: the development CA. */
export interface TlsConfig {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly certificates: readonly CertificateFiles[]
  readonly acme?: AcmeConfig
}

/** Sign-in and tokens. */
export interface IdentityConfig {
  /** Origin; absent: from the public host and the port in use. */
  readonly issuer?: string
  readonly tokenLifetimeMs: number
  readonly keyLifetimeMs: number
  readonly administratorSecret?: Secret
  readonly oidcIssuers: readonly OidcIssuer[]
}

/** The typed settings of one relay: names with units, host names in lower case, related options together. */
export interface RelayConfig {
  /** 0 for any free one. */
  readonly dataPort: number
  /** 0 for any free one; the same as `dataPort` (and not 0) for one shared port. */
  readonly managementPort: number
  readonly sharesPort: boolean
  readonly managementHosts: readonly string[]
  /** Absent: every address. */
  readonly bind?: string
  /** Absent: no private door. */
  readonly privateDoor?: { readonly bind: string; readonly port: number }
  /** What the management API may open. */
  readonly ingressGrants: readonly IngressGrant[]
  readonly publicHost: string
  /** By which others reach the data door; absent: the one that it listens on. */
  readonly publicPort?: number
  readonly baseDomain: string
  /** Origin `wss://host[:port]` or `ws://host[:port]`. */
  readonly advertise?: string
  /** Unused for resources when `inMemory`. */
  readonly dataDir: string
  readonly inMemory: boolean
  /** Absent: the one in the data folder. */
  readonly masterKey?: Secret
  readonly resourcesFile?: string
  /** Absent: made from the master key. */
  readonly ingressSessionKey?: Secret
  readonly identity: IdentityConfig
  /** Absent when a load balancer ends TLS. */
  readonly tls?: TlsConfig
  readonly trustedProxies: readonly string[]
  readonly proxyProtocol: boolean
  readonly forwardingHeader: 'x-forwarded-for' | 'forwarded'
  /** Absent: off. */
  readonly audit?: { readonly retentionMs: number; readonly maxBytes: number }
  /** Folder of releases; absent: none are served. */
  readonly downloads?: { readonly folder: string; readonly maxTransfers: number }
  /** Absent: nobody is told. */
  readonly webhook?: { readonly url: string; readonly secret: Secret }
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug'
  readonly logFormat: 'json' | 'text'
  readonly drainTimeoutMs: number
  readonly hybridConnectionLimits: PlanLimitTable
  readonly limits: RelayLimits
  readonly soapTokens: boolean
}

/**
 * Gives the settings that the composition root works with.
 * @throws {OptionsError} `InvalidConfiguration` with every option whose text is wrong and every pair that cannot go together
 */
export function relayConfig(values: RelayOptionValues): RelayConfig {
  checkRelayConfig(values)
  const publicPort = values.publicPort ?? portOfOrigin(values.advertise)
  const { bind, advertise, resources, privateBind, privatePort, downloads, webhookUrl, webhookSecret } = values
  return {
    dataPort: values.dataPort,
    managementPort: values.managementPort,
    sharesPort: values.dataPort !== 0 && values.dataPort === values.managementPort,
    managementHosts: values.managementHosts.map((host) => host.toLowerCase()),
    ...(bind === undefined ? {} : { bind }),
    ...(privatePort === undefined ? {} : { privateDoor: { bind: privateBind, port: privatePort } }),
    ingressGrants: values.ingressPorts.map(parseIngressGrant).filter((grant) => typeof grant !== 'string'),
    publicHost: values.publicHost.toLowerCase(),
    ...(publicPort === undefined ? {} : { publicPort }),
    baseDomain: values.baseDomain.toLowerCase(),
    ...(advertise === undefined ? {} : { advertise: advertise.replace(/\/$/, '') }),
    dataDir: values.data,
    inMemory: values.inMemory,
    ...(values.masterKey === undefined ? {} : { masterKey: values.masterKey }),
    ...(values.ingressSessionKey === undefined ? {} : { ingressSessionKey: values.ingressSessionKey }),
    ...(resources === undefined ? {} : { resourcesFile: resources }),
    identity: identityConfig(values),
    ...(values.tls === 'off' ? {} : { tls: tlsConfig(values) }),
    trustedProxies: values.trustedProxies,
    proxyProtocol: values.proxyProtocol,
    forwardingHeader: values.forwardingHeader,
    ...(values.audit === 'off'
      ? {}
      : { audit: { retentionMs: values.auditRetention, maxBytes: values.auditMaxBytes } }),
    ...(downloads === undefined ? {} : { downloads: { folder: downloads, maxTransfers: values.maxDownloads } }),
    ...(webhookUrl === undefined || webhookSecret === undefined
      ? {}
      : { webhook: { url: webhookUrl, secret: webhookSecret } }),
    logLevel: values.logLevel,
    logFormat: values.logFormat,
    drainTimeoutMs: values.drainTimeout,
    hybridConnectionLimits: values.hybridConnectionLimits,
    limits: relayLimits(values),
    soapTokens: values.soapTokens,
  }
}

/** `wss://host[:port]`, `ws://host[:port]` */
function portOfOrigin(origin: string | undefined): number | undefined {
  if (origin === undefined) return undefined
  const { port, protocol } = new URL(origin)
  if (port !== '') return Number(port)
  return protocol === 'ws:' ? 80 : 443
}

/** What the relay grants to anybody, as the options say. */
export function relayLimits(values: RelayOptionValues): RelayLimits {
  return {
    maxListenersPerEntity: values.maxListenersPerEntity,
    maxHeaderBytes: values.maxHeaderBytes,
    maxHeaderCount: values.maxHeaderCount,
    handshakeTimeoutMs: values.handshakeTimeout,
    maxUnauthorizedConnections: values.maxUnauthorizedConnections,
    maxUnauthorizedConnectionsPerAddress: values.maxUnauthorizedConnectionsPerAddress,
    maxPendingOffersPerEntity: values.maxPendingOffersPerEntity,
    maxConnectionsPerNamespace: values.maxConnectionsPerNamespace,
    acceptTimeoutMs: values.acceptTimeout,
    httpResponseTimeoutMs: values.httpResponseTimeout,
    tokenGraceMs: values.tokenGrace,
    refusalDelayMs: values.refusalDelay,
    pingIntervalMs: values.pingInterval,
    relayBufferBytes: values.relayBufferBytes,
    maxMessageBytes: values.maxMessageBytes,
    messageQueueBytes: values.messageQueueBytes,
    maxMessagesPerSecond: values.maxMessagesPerSecond,
  }
}

function identityConfig(values: RelayOptionValues): IdentityConfig {
  const { issuer, tokenLifetime, tokenKeyLifetime, bootstrapAdminSecret } = values
  return {
    ...(issuer === undefined ? {} : { issuer: new URL(issuer).origin }),
    tokenLifetimeMs: tokenLifetime,
    keyLifetimeMs: tokenKeyLifetime,
    oidcIssuers: values.oidcIssuers.map(parseOidcIssuer).filter((issuer) => typeof issuer !== 'string'),
    ...(bootstrapAdminSecret === undefined ? {} : { administratorSecret: bootstrapAdminSecret }),
  }
}

function tlsConfig(values: RelayOptionValues): TlsConfig {
  const { acmeEmail } = values
  return {
    minVersion: values.tlsMinVersion,
    certificates: values.certificates.map(parseCertificateFiles).filter((files) => files !== undefined),
    ...(values.acmeHosts.length === 0
      ? {}
      : {
          acme: {
            directoryUrl: values.acmeDirectory,
            ...(acmeEmail === undefined ? {} : { email: acmeEmail }),
            hosts: values.acmeHosts.map((host) => host.toLowerCase()),
            challenge: values.acmeChallenge,
          },
        }),
  }
}
