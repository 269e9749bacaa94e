import type { ConnectionOptions } from 'node:tls'
import { parseConnectionString, RelayError } from '@postern/protocol'
import { tokenProviderOf } from '../tokens/connection-string-tokens.ts'
import type { TokenProvider } from '../tokens/token-provider.ts'
import { createOpenSocket, type OpenSocket } from './open-socket.ts'
import { chooseProxy } from './proxy/choose-proxy.ts'

const httpsPort = 443

/** Where the relay is and what opens it: the options that listeners and senders share. */
export interface RelayOptions {
  /**
   * `Endpoint=sb://...;SharedAccessKeyName=...;SharedAccessKey=...;EntityPath=...` (or `SharedAccessSignature=...`).
   * The options below win over its parts.
   */
  readonly connectionString?: string
  /** Host name or address of the relay. */
  readonly host?: string
  /** Default 443. */
  readonly port?: number
  /** Name of the hybrid connection, with `/` for nested names. */
  readonly path?: string
  /** Default: from the connection string. */
  readonly tokenProvider?: TokenProvider
  /**
   * TLS settings (`ca` for a private authority; `NODE_EXTRA_CA_CERTS` works too), or false for plain TCP to a relay
   * that says `--tls off`: the token then travels readable.
   */
  readonly tls?: ConnectionOptions | false
  /** Bound for TCP, proxy and TLS together, in ms. Default 3 s; 8 s by way of a proxy. */
  readonly connectTimeoutMs?: number
  /** IPv4 or IPv6 only. Default: both. */
  readonly addressFamily?: 4 | 6
  /**
   * `http://`, `https://` or `socks5://[user:password@]host[:port]` of a proxy, or `off`. It wins over the environment, which
   * counts otherwise: `HTTPS_PROXY` (`HTTP_PROXY` without TLS), `ALL_PROXY` and `NO_PROXY`, also in lower case.
   */
  readonly proxy?: string
  /**
   * Opens byte streams to the relay, made by `createOpenSocket` with the same settings. Shared by the listeners of a program it
   * saves most of their TLS handshakes' work. Default: one of its own.
   */
  readonly openSocket?: OpenSocket
}

/** {@link RelayOptions} with every default filled in. */
export interface RelayLocation {
  /** `wss://host:port`. */
  readonly origin: string
  readonly host: string
  readonly port: number
  /** Name of the hybrid connection, without leading or trailing slash. */
  readonly path: string
  /** What tokens are signed for: scheme and port are ignored by relays, so it has the form that .NET sends. */
  readonly audience: string
  readonly tokenProvider: TokenProvider | undefined
  readonly tls: ConnectionOptions | false
  /** Opens byte streams to the relay. */
  readonly openSocket: OpenSocket
}

/**
 * Fills in what {@link RelayOptions} leave open.
 *
 * @throws {RelayError} InvalidConnectionString when the connection string cannot be read.
 * @throws {RelayError} InvalidConfiguration when host or path are nowhere given.
 */
export function locateRelay(options: RelayOptions): RelayLocation {
  const parsed = options.connectionString === undefined ? undefined : parseConnectionString(options.connectionString)
  const host = options.host ?? parsed?.endpoint.host
  const path = (options.path ?? parsed?.entityPath ?? '').replace(/^\/+|\/+$/g, '')
  if (!host) throw missing('the relay host', 'a connection string or "host"')
  if (!path) throw missing('the name of the hybrid connection', '";EntityPath=name" in the connection string or "path"')
  const port = options.port ?? parsed?.endpoint.port ?? httpsPort
  const { tls = {}, connectTimeoutMs, addressFamily, proxy } = options
  // What cannot be read is said now, not at the first attempt.
  if (proxy !== undefined) chooseProxy(proxy, { host, port, secure: tls !== false })
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return {
    origin: `${tls === false ? 'ws' : 'wss'}://${name}:${port}`,
    host,
    port,
    path,
    audience: `http://${name}/${path}`,
    tokenProvider: options.tokenProvider ?? (parsed && tokenProviderOf(parsed)),
    tls,
    openSocket: options.openSocket ?? createOpenSocket({ tls, connectTimeoutMs, addressFamily, proxy }),
  }
}

/** What {@link hybridConnectionUrl} puts behind the name of the hybrid connection. */
export interface HybridConnectionUrlParts {
  readonly action: 'listen' | 'connect' | 'send' | 'publish' | 'subscribe'
  /** Becomes the tracking id of the operation. */
  readonly id: string
  /** More path below the hybrid connection, with or without leading slash, already percent-encoded. */
  readonly subPath?: string
  /** The sender's own query, without `?`, already percent-encoded. */
  readonly query?: string
}

/** Makes the URL of a handshake. Hybrid Connections protocol, "Listen" and "Connect"; messages.md for the other actions. */
export function hybridConnectionUrl(relay: RelayLocation, parts: HybridConnectionUrlParts): string {
  return `${relay.origin}/$hc${hybridConnectionTarget(relay, parts)}`
}

/** The same of an HTTP request: path and query, from the slash before the hybrid connection on. */
export function hybridConnectionTarget(relay: RelayLocation, parts: HybridConnectionUrlParts): string {
  const entity = relay.path.split('/').map(encodeURIComponent).join('/')
  const subPath = parts.subPath ? `/${parts.subPath.replace(/^\//, '')}` : ''
  const query = parts.query ? `${parts.query}&` : ''
  return `/${entity}${subPath}?${query}sb-hc-action=${parts.action}&sb-hc-id=${parts.id}`
}

function missing(what: string, where: string): RelayError {
  return new RelayError('InvalidConfiguration', { message: `Nothing says ${what}; give ${where}` })
}
