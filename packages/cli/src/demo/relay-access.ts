import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { parseConnectionString } from '@postern/protocol'
import type { RelayConfig, RunningRelay } from '@postern/server'

/** How a part of this process reaches the relay. */
export interface RelayAccess {
  readonly host: string
  readonly port: number
  readonly tls: ConnectionOptions | false
}

/** Addresses that mean all addresses when they are bound, and nothing when they are dialled. */
const everyAddress = new Set(['0.0.0.0', '::', '[::]'])

/**
 * Gives the shortest way to the relay's default namespace: the bound or the loopback address, with the name that the
 * certificate is for. The public host may lead here only from outside.
 */
export function relayAccess(relay: RunningRelay, config: RelayConfig, connectionString: string): RelayAccess {
  const { host: publicHost } = parseConnectionString(connectionString).endpoint
  const { bind = '127.0.0.1' } = config
  return {
    host: everyAddress.has(bind) ? '127.0.0.1' : bind,
    port: relay.server.dataPort,
    tls: config.tls !== undefined && {
      ...(relay.caPem !== null && { ca: relay.caPem }),
      ...(isIP(publicHost) === 0 && { servername: publicHost }),
    },
  }
}
