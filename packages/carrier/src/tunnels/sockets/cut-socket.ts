import type { Socket } from 'node:net'

/** Ends a connection so that the other side sees an error (RST) and not an end (FIN), where its kind knows both. */
export function cutSocket(socket: Socket): void {
  if (socket.destroyed) return
  // All bytes and the end are with the system, and an end that is on its way makes a reset fail: the socket would stay open.
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0
  // A reset waits for the connection to be made; nobody is there to be told yet. Unix sockets have no reset.
  // TLS sockets inherit the method and throw; without a goodbye of TLS their peers see a cut as well.
  const isTls = 'encrypted' in socket
  if (isEnding || isTls || socket.connecting || socket.remoteAddress === undefined) socket.destroy()
  else socket.resetAndDestroy()
}
