import type { Socket } from 'node:net'
import type { RelayedConnection } from '@postern/client'
import { errorTable } from '@postern/protocol'
import { cutSocket } from './cut-socket.ts'

/** How a tunnelled connection ended. */
export interface PumpResult {
  /** Undefined when both directions came to their end. */
  readonly error: Error | undefined
  /** Payload bytes from the TCP side to the relay. */
  readonly bytesToRelay: number
  /** Payload bytes from the relay to the TCP side. */
  readonly bytesFromRelay: number
}

/** The two ends that {@link pump} joins. */
export interface PumpOptions {
  /** Made with `allowHalfOpen`. May still be connecting: what arrives for it waits, within the bound of its buffer. */
  readonly socket: Socket
  readonly connection: RelayedConnection
  /** Payload that came together with the preamble. */
  readonly first?: Uint8Array
  /** Exactly once, when both ends are closed. */
  readonly onClosed: (result: PumpResult) => void
}

/**
 * Joins a TCP socket and a relayed connection until both are closed: bytes both ways, each direction ended by itself
 * (FIN becomes CLOSE, CLOSE becomes FIN), the faster side held back, and a cut on one side passed on as a cut (RST,
 * never FIN) so that nobody takes a truncated stream for a whole one.
 */
export function pump({ socket, connection, first, onClosed }: PumpOptions): void {
  let hasConnected = !socket.connecting
  let socketHasEnded = false
  let relayHasEnded = false
  let openEnds = 2
  let bytesToRelay = 0
  let bytesFromRelay = 0
  let problem: Error | undefined

  const closed = (): void => {
    openEnds -= 1
    if (openEnds === 0) onClosed({ error: problem, bytesToRelay, bytesFromRelay })
  }

  const write = (chunk: Uint8Array): void => {
    bytesFromRelay += chunk.length
    if (!socket.write(chunk)) connection.pause()
  }

  socket.setNoDelay(true)
  socket.once('connect', () => {
    hasConnected = true
  })
  socket.on('data', (chunk) => {
    bytesToRelay += chunk.length
    if (!connection.send(chunk)) socket.pause()
  })
  socket.on('drain', () => connection.resume())
  socket.on('end', () => {
    socketHasEnded = true
    connection.end()
  })
  socket.on('error', (error) => {
    problem ??= error
  })
  socket.on('close', () => {
    if (!hasConnected) {
      problem ??= new Error('The target cannot be reached')
      connection.fail(errorTable.TargetUnreachable.closeCode, reasonOf(problem))
    } else if (!(socketHasEnded && relayHasEnded)) {
      problem ??= new Error('The TCP connection was cut before its end')
      connection.abort()
    }
    closed()
  })

  connection.open({
    // The chunk is ours only during the call, and the socket may keep it for longer.
    onData: (chunk) => write(Buffer.from(chunk)),
    onEof: () => {
      relayHasEnded = true
      socket.end()
    },
    onDrain: () => socket.resume(),
    onClosed: (error) => {
      if (error) {
        problem ??= error
        cutSocket(socket)
      }
      closed()
    },
  })
  if (first && first.length > 0) write(first)
}

function reasonOf(error: Error): string {
  return `The target cannot be reached: ${(error as NodeJS.ErrnoException).code ?? error.message}`
}
