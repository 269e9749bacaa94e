import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/**
 * Joins a socket and a stream until both are closed: each direction ends by itself, and a cut on one side is a cut on the
 * other, so that nobody takes a truncated stream for a whole one.
 */
export function joinStreams(socket: Socket, stream: Duplex): void {
  // Both ends are looked at when they close; what they fail with is told to the program by the cut.
  socket.on('error', () => {})
  stream.on('error', () => {})
  socket.once('close', () => {
    if (!(socket.readableEnded && socket.writableFinished)) stream.destroy()
  })
  const onClosed = (): void => {
    if (!(stream.readableEnded && stream.writableFinished)) socket.resetAndDestroy()
  }
  if (stream.closed) onClosed()
  else stream.once('close', onClosed)
  socket.pipe(stream)
  stream.pipe(socket)
}
