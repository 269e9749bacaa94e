import type { Socket } from 'node:net'

/** When a socket counts as open, and until when it may. */
export interface OpenEvent {
  readonly event: 'connect' | 'secureConnect'
  readonly signal: AbortSignal
}

/** Waits until a socket is open. When it fails or the signal comes first, the socket is destroyed and that is thrown. */
export function untilOpen(socket: Socket, { event, signal }: OpenEvent): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      signal.removeEventListener('abort', onAbort)
      socket.off('error', fail).off('close', onClose).off(event, succeed)
    }
    const fail = (error: unknown): void => {
      finish()
      // Its own error may follow; it has been told already.
      socket.on('error', () => {}).destroy()
      reject(error)
    }
    const onAbort = (): void => fail(signal.reason)
    const onClose = (): void => fail(new Error('the connection was closed'))
    const succeed = (): void => {
      finish()
      resolve()
    }
    if (signal.aborted) return fail(signal.reason)
    signal.addEventListener('abort', onAbort)
    socket.on('error', fail).once('close', onClose).once(event, succeed)
  })
}
