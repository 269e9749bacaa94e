import type { Socket as DatagramSocket } from 'node:dgram'
import type { Server } from 'node:net'
import { RelayError } from '@postern/protocol'
import type { LocalBinding } from './forward.ts'
import { addressOf } from './forward.ts'

/** Something of this machine that is open for clients: a TCP or UDP port, or a Unix socket. */
export interface Entrance {
  /** What was really bound. */
  readonly address: string
  /** Takes nothing new. */
  close(): void
}

/** Makes sockets in another network than that of this process: a socket stays where it was made. */
export interface SocketSource {
  /** A server that listens at an address and a port there. */
  listen(address: string, port: number): Promise<Server>
  /** A UDP socket that is bound there. */
  bind(address: string, port: number): Promise<DatagramSocket>
}

/** How ports are bound. */
export interface BindRules {
  /** Where the sockets of ports with an address come from. Default: this process. */
  readonly sockets?: SocketSource | undefined
  /** Bind all addresses where none was given. */
  readonly gatewayPorts: boolean
  readonly addressFamily: 4 | 6 | undefined
}

/** The address to bind; undefined for all of them. */
export function bindHost(host: string | undefined, { gatewayPorts, addressFamily }: BindRules): string | undefined {
  const all = addressFamily === 4 ? '0.0.0.0' : undefined
  if (host === '*' || host?.toLowerCase() === 'any') return all
  if (host?.toLowerCase() === 'anyv6') return '::'
  if (host !== undefined) return host
  if (gatewayPorts) return all
  return addressFamily === 6 ? '::1' : '127.0.0.1'
}

/** Says why a binding cannot be opened. */
export function bindError(relayName: string, binding: LocalBinding, cause: NodeJS.ErrnoException): RelayError {
  const isSocket = binding.protocol === 'unix' && cause.code === 'EACCES'
  const reason = isSocket ? socketReason : (bindReasons[cause.code ?? ''] ?? cause.message)
  const message = `${relayName}: cannot listen on ${addressOf(binding)}: ${reason}`
  return new RelayError('InvalidConfiguration', { message, cause })
}

// Node says EACCES of both.
const socketReason = 'its folder does not exist, or we may not write there'

const bindReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has this port',
  EACCES: 'this needs more rights (ports below 1024, folders of others)',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOENT: 'the folder does not exist',
  ENOTFOUND: 'the name has no address',
}

/** `host:port` of what a server or UDP socket has bound. */
export function boundAddress({ address, family, port }: { address: string; family: string; port: number }): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
}
