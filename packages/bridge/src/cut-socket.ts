import type { Socket } from 'node:net'

/** Ends a connection so that the other side sees an error (RST) and not an end (FIN), where its kind knows both. */
export function cutSocket(socket: Socket): void {
  if (socket.destroyed) return
  // A reset waits for the connection to be made; nobody is there to be told yet. Unix sockets have no reset.
  if (socket.connecting || socket.remoteAddress === undefined) socket.destroy()
  else socket.resetAndDestroy()
}
