import { connect, type LookupFunction, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { isRelayError } from '@postern/protocol'
import { untilOpen } from '../until-open.ts'
import { type ProxyTunnel, tunnelByConnect } from './http-connect.ts'
import { lateAnswer, proxyUnreachable } from './proxy-errors.ts'
import type { ProxyServer } from './proxy-server.ts'
import { tunnelBySocks } from './socks5.ts'

/**
 * Opens a byte stream to a host and port by way of a proxy, which finds the host by itself.
 *
 * @throws {RelayError} ProxyUnreachable, ProxyAuthenticationRequired, ProxyRefused, ProxyConnectFailed
 */
export async function openTunnel(proxy: ProxyServer, tunnel: ProxyTunnel): Promise<Duplex> {
  if (proxy.kind !== 'socks5') return tunnelByConnect(proxy, tunnel)
  const socket = await reach(proxy, tunnel)
  const { signal } = tunnel
  const onAbort = (): void => {
    socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await tunnelBySocks(socket, proxy, tunnel)
    return socket
  } catch (error) {
    socket.on('error', () => {}).destroy()
    if (isRelayError(error)) throw error
    throw signal.aborted ? lateAnswer(proxy, tunnel, signal.reason) : proxyUnreachable(proxy, error)
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function reach(
  proxy: ProxyServer,
  { lookup, signal }: { readonly lookup: LookupFunction; readonly signal: AbortSignal },
): Promise<Socket> {
  try {
    const socket = connect({ host: proxy.host, port: proxy.port, lookup, noDelay: true })
    await untilOpen(socket, { event: 'connect', signal })
    return socket
  } catch (error) {
    throw proxyUnreachable(proxy, error)
  }
}
