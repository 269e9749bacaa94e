import type { Socket } from 'node:net'

/** Ends a TCP connection so that the other side sees an error (RST) and not an end (FIN). */
export function cutSocket(socket: Socket): void {
  if (socket.destroyed) return
  // A reset waits for the connection to be made; nobody is there to be told yet.
  if (socket.connecting) socket.destroy()
  else socket.resetAndDestroy()
}
