import type { Socket } from 'node:net'
import type { RelayedConnection, RelayedConnectionHandler } from '@postern/client'
import { errorTable } from '@postern/protocol'
import { cutSocket } from './cut-socket.ts'

/**
 * Bytes that may wait for one side of a tunnel before the other is held back. Node's own mark of 64 KiB would stop and
 * start the reading for every single chunk.
 */
const maxBufferedBytes = 262_144

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
export function pump(options: PumpOptions): void {
  new Pump(options).start(options.first)
}

class Pump implements RelayedConnectionHandler {
  readonly #socket: Socket
  readonly #connection: RelayedConnection
  readonly #report: PumpOptions['onClosed']
  #hasConnected: boolean
  #socketHasEnded = false
  #relayHasEnded = false
  #openEnds = 2
  #bytesToRelay = 0
  #bytesFromRelay = 0
  #problem: Error | undefined

  constructor({ socket, connection, onClosed }: PumpOptions) {
    this.#socket = socket
    this.#connection = connection
    this.#report = onClosed
    this.#hasConnected = !socket.connecting
  }

  start(first: Uint8Array | undefined): void {
    const socket = this.#socket
    const connection = this.#connection
    socket.setNoDelay(true)
    socket.once('connect', () => {
      this.#hasConnected = true
    })
    socket.on('data', (chunk) => {
      this.#bytesToRelay += chunk.length
      connection.send(chunk)
      if (connection.bufferedBytes > maxBufferedBytes) socket.pause()
    })
    socket.on('drain', () => connection.resume())
    socket.on('end', () => {
      this.#socketHasEnded = true
      connection.end()
    })
    socket.on('error', (error) => {
      this.#problem ??= error
    })
    socket.on('close', () => this.#onSocketClosed())
    connection.open(this)
    // It may have been cut while the relayed connection was made; that event is not repeated.
    if (socket.closed) this.#onSocketClosed()
    else if (first && first.length > 0) this.onData(first)
  }

  onData(chunk: Uint8Array): void {
    this.#bytesFromRelay += chunk.length
    this.#socket.write(chunk)
    if (this.#socket.writableLength > maxBufferedBytes) this.#connection.pause()
  }

  onEof(): void {
    this.#relayHasEnded = true
    this.#socket.end()
  }

  onDrain(): void {
    this.#socket.resume()
  }

  onClosed(error: Error | undefined): void {
    if (error) {
      this.#problem ??= error
      cutSocket(this.#socket)
    }
    this.#closed()
  }

  #onSocketClosed(): void {
    if (!this.#hasConnected) {
      this.#problem ??= new Error('The target cannot be reached')
      this.#connection.fail(errorTable.TargetUnreachable.closeCode, reasonOf(this.#problem))
    } else if (!(this.#socketHasEnded && this.#relayHasEnded)) {
      this.#problem ??= new Error('The TCP connection was cut before its end')
      this.#connection.abort()
    }
    this.#closed()
  }

  #closed(): void {
    this.#openEnds -= 1
    if (this.#openEnds > 0) return
    this.#report({ error: this.#problem, bytesToRelay: this.#bytesToRelay, bytesFromRelay: this.#bytesFromRelay })
  }
}

function reasonOf(error: Error): string {
  return `The target cannot be reached: ${(error as NodeJS.ErrnoException).code ?? error.message}`
}
