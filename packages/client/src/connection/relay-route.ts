import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import type { TokenProvider } from '../tokens/token-provider.ts'
import { LookupCache } from './lookup-cache.ts'
import { chooseProxy } from './proxy/choose-proxy.ts'
import { openTunnel } from './proxy/open-tunnel.ts'
import type { ProxyServer } from './proxy/proxy-server.ts'
import { locateRelay, type RelayOptions } from './relay-options.ts'
import { untilOpen } from './until-open.ts'

/** How a hybrid connection is reached, step by step: for whoever wants to know which step fails. */
export interface RelayRoute {
  readonly host: string
  readonly port: number
  readonly path: string
  readonly tls: ConnectionOptions | false
  readonly tokenProvider: TokenProvider | undefined
  /** The proxy on the way. Its text form has no credentials. */
  readonly proxy: ProxyServer | undefined
  /** Opens a byte stream to the relay, by way of the proxy, on which TLS has not begun. */
  readonly open: (signal: AbortSignal) => Promise<Duplex>
}

/** @throws {RelayError} InvalidConnectionString, InvalidConfiguration */
export function relayRouteOf(options: RelayOptions): RelayRoute {
  const { host, port, path, tls, tokenProvider } = locateRelay(options)
  const proxy = chooseProxy(options.proxy, { host, port, secure: tls !== false })
  const { addressFamily: family } = options
  const { lookup } = new LookupCache()
  return {
    host,
    port,
    path,
    tls,
    tokenProvider,
    proxy,
    open: async (signal) => {
      if (proxy) return openTunnel(proxy, { host, port, signal, lookup, ca: tls ? tls.ca : undefined })
      const socket = connect({ host, port, lookup, noDelay: true, ...(family !== undefined && { family }) })
      await untilOpen(socket, { event: 'connect', signal })
      return socket
    },
  }
}
