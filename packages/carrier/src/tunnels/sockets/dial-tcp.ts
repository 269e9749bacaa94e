import { connect, isIP, type TcpNetConnectOpts } from 'node:net'
import { HandleSocket } from './handle-socket.ts'
import { NetSocket } from './net-socket.ts'
import { tcpHandles } from './tcp-handles.ts'
import type { TunnelSocket } from './tunnel-socket.ts'

/** Where {@link dialTcp} leads. */
export type TcpPlace = Pick<TcpNetConnectOpts, 'port' | 'localAddress' | 'family' | 'lookup'> & {
  readonly host: string
}

/** Begins to make a connection; names are looked up, and of several addresses the first that answers is taken. */
export function dialTcp(place: TcpPlace): TunnelSocket {
  const { host, port, ...rules } = place
  // `connect` says what is wrong with a port; a handle would dial another one, or end the process.
  const isPort = Number.isInteger(port) && port >= 0 && port < 65_536
  const isBare = isPort && isIP(host) !== 0 && rules.localAddress === undefined
  if (tcpHandles && isBare) return HandleSocket.dial(tcpHandles, host, port)
  return new NetSocket(connect({ ...rules, host, port, allowHalfOpen: true, noDelay: true }))
}
