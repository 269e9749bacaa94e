import type { Server, Socket } from 'node:net'
import { HandleSocket } from './handle-socket.ts'
import { NetSocket } from './net-socket.ts'
import { type TcpHandle, tcpHandles } from './tcp-handles.ts'
import type { AcceptedSocket } from './tunnel-socket.ts'

/** What {@link acceptSockets} does with each connection. */
export interface AcceptOptions {
  readonly onSocket: (socket: AcceptedSocket) => void
  /** So long a peer may be silent before the system asks whether it is there. Default: never. */
  readonly keepAliveDelayMs?: number
}

/** Of a server of Node's: how it hears of connections. */
interface ServerHandle {
  onconnection: (status: number, handle: TcpHandle | undefined) => void
}

/**
 * Hands the connections of a server on that listens already, and makes no socket of Node's for those that come by TCP, where
 * this Node's handles are known. The server was made with `allowHalfOpen`; its other options and limits do not apply.
 */
export function acceptSockets(server: Server, { onSocket, keepAliveDelayMs }: AcceptOptions): void {
  server.on('connection', (socket: Socket) => {
    if (keepAliveDelayMs !== undefined) socket.setKeepAlive(true, keepAliveDelayMs)
    onSocket(new NetSocket(socket))
  })
  const { _handle: listening } = server as unknown as { readonly _handle?: Partial<ServerHandle> | null }
  if (!tcpHandles || !(listening instanceof tcpHandles.Handle)) return
  const handles = tcpHandles
  const asNode = listening.onconnection
  if (asNode === undefined) return
  listening.onconnection = (status, handle) => {
    if (status !== 0 || !handle) return asNode.call(listening as ServerHandle, status, handle)
    handle.setNoDelay(true)
    if (keepAliveDelayMs !== undefined) handle.setKeepAlive(true, keepAliveDelayMs / 1000)
    onSocket(new HandleSocket(handle, handles, true))
  }
}
