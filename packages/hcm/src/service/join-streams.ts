import type { Socket } from 'node:net'
import type { RelayedStream } from '@postern/client'

/** How a joined connection ended. */
export interface JoinResult {
  /** Undefined when both directions came to their end. */
  readonly error: Error | undefined
  readonly bytesToRelay: number
  readonly bytesFromRelay: number
}

/**
 * Joins a TCP socket and a relayed stream until both are closed: each direction ends by itself, the faster side is held
 * back, and a cut on one side is a cut on the other, so that nobody takes a truncated stream for a whole one.
 */
export function joinStreams(socket: Socket, stream: RelayedStream): Promise<JoinResult> {
  let error: Error | undefined
  const note = (reason: Error): void => {
    error ??= reason
  }
  socket.on('error', note)
  stream.on('error', note)
  socket.pipe(stream)
  stream.pipe(socket)
  const socketClosed = new Promise<void>((resolve) => {
    const onClose = (): void => {
      if (!(socket.readableEnded && socket.writableFinished)) stream.destroy(error ?? new Error('The target was cut'))
      resolve()
    }
    if (socket.closed) onClose()
    else socket.once('close', onClose)
  })
  const streamClosed = new Promise<void>((resolve) => {
    const onClose = (): void => {
      if (!(stream.readableEnded && stream.writableFinished)) socket.resetAndDestroy()
      resolve()
    }
    if (stream.closed) onClose()
    else stream.once('close', onClose)
  })
  return Promise.all([socketClosed, streamClosed]).then(() => ({
    error,
    bytesToRelay: socket.bytesRead,
    bytesFromRelay: socket.bytesWritten,
  }))
}
