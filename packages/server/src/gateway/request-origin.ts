import type { IncomingMessage } from 'node:http'
import type { ClientAddress } from './front-door/client-address.ts'
import { isHost } from './host-header.ts'

export interface RequestOriginOptions {
  /** The door ends TLS itself. */
  readonly tls: boolean
  /** Whose X-Forwarded-Proto is believed. */
  readonly clientAddress: ClientAddress
  /** What stands in for a Host header that is missing or no host at all. */
  readonly fallbackHost: string
}

/**
 * Tells how a client reached the relay, as `wss://host[:port]` or `ws://host[:port]`: rendezvous addresses lead back the
 * same way, so port mappings, NAT and aliases work. Behind a trusted proxy that ends TLS the client used wss, unless the
 * proxy says otherwise.
 */
export function createRequestOrigin(options: RequestOriginOptions): (request: IncomingMessage) => string {
  return (request) => {
    const host = isHost(request.headers.host) ? request.headers.host : options.fallbackHost
    return `${isSecure(request, options) ? 'wss' : 'ws'}://${host}`
  }
}

function isSecure(request: IncomingMessage, { tls, clientAddress }: RequestOriginOptions): boolean {
  if (tls) return true
  if (!clientAddress.isTrusted(request.socket.remoteAddress ?? '')) return false
  const protocol = request.headers['x-forwarded-proto']
  return protocol !== 'http' && protocol !== 'ws'
}
