import { errorTable } from '@postern/protocol'
import { GatheredWrites, sharedRegions } from '@postern/websocket'
import type { TunnelSocket, TunnelSocketHandler } from './sockets/tunnel-socket.ts'
import type { TunnelConnection, TunnelHandler } from './tunnel-connection.ts'

/**
 * Bytes that may wait for one side of a tunnel before the other is held back. Node's own mark of 64 KiB would stop and
 * start the reading for every single chunk.
 */
const defaultMaxBufferedBytes = 262_144

/** How a tunnelled connection ended. */
export interface PumpResult {
  /** Undefined when both directions came to their end. */
  readonly error: Error | undefined
  /** Payload bytes from the TCP side to the relay. */
  readonly bytesToRelay: number
  /** Payload bytes from the relay to the TCP side. */
  readonly bytesFromRelay: number
}

/** The two ends that {@link Pump} joins. */
export interface PumpOptions {
  /** May still be connecting: what arrives for it waits, within the bound of its buffer. */
  readonly socket: TunnelSocket
  readonly connection: TunnelConnection
  /** Exactly once, when both ends are closed. */
  readonly onClosed: (result: PumpResult) => void
}

/** What has passed so far. */
export interface PumpCounts {
  readonly bytesToRelay: number
  readonly bytesFromRelay: number
}

/**
 * Joins a TCP socket and a tunnel's connection until both are closed: bytes both ways, each direction ended by itself
 * (FIN becomes CLOSE, CLOSE becomes FIN), the faster side held back, and a cut on one side passed on as a cut (RST,
 * never FIN) so that nobody takes a truncated stream for a whole one.
 */
export class Pump implements TunnelHandler, TunnelSocketHandler, PumpCounts {
  readonly gathers = true
  bytesToRelay = 0
  bytesFromRelay = 0
  readonly #socket: TunnelSocket
  readonly #connection: TunnelConnection
  /** To the socket: what one turn of the loop brings is one write. */
  readonly #out: GatheredWrites
  readonly #maxBufferedBytes: number
  readonly #report: PumpOptions['onClosed']
  #socketHasEnded = false
  #relayHasEnded = false
  #isHoldingBack = false
  #openEnds = 2
  #problem: Error | undefined

  constructor({ socket, connection, onClosed }: PumpOptions) {
    this.#socket = socket
    this.#connection = connection
    this.#out = new GatheredWrites({ socket, regions: sharedRegions, onWritten: () => this.#onWritten() })
    this.#maxBufferedBytes = connection.maxBufferedBytes ?? defaultMaxBufferedBytes
    this.#report = onClosed
  }

  /** Begins; `first` is payload that came together with the preamble. */
  start(first?: Uint8Array): void {
    const socket = this.#socket
    const connection = this.#connection
    socket.onceClosed(() => this.#onSocketClosed())
    if (first && first.length > 0) this.onData(first)
    connection.open(this)
    // It may have been cut while the relayed connection was made; that event is not repeated.
    if (socket.isClosed) return this.#onSocketClosed()
    socket.open(this)
  }

  /** Ends it at once, also where the socket is closed and its last bytes are still on their way. */
  cut(): void {
    this.#connection.abort()
  }

  onSocketData(bytes: Uint8Array): void {
    const connection = this.#connection
    this.bytesToRelay += bytes.length
    if (!connection.send(bytes) && connection.bufferedBytes > this.#maxBufferedBytes) this.#socket.pause()
  }

  onSocketEnd(): void {
    this.#socketHasEnded = true
    this.#connection.end()
  }

  onData(chunk: Uint8Array): void {
    this.bytesFromRelay += chunk.length
    this.#out.write(chunk)
    if (this.#out.waitingBytes > defaultMaxBufferedBytes) this.#holdBack()
  }

  onEof(): void {
    this.#relayHasEnded = true
    this.#out.end(() => this.#socket.end())
  }

  onDrain(): void {
    this.#socket.resume()
  }

  onClosed(error: Error | undefined): void {
    if (error) {
      this.#problem ??= error
      this.#socket.cut()
    }
    this.#closed()
  }

  #holdBack(): void {
    this.#isHoldingBack = true
    this.#connection.pause()
  }

  /** Part of what waited for the socket has left. */
  #onWritten(): void {
    if (!this.#isHoldingBack || this.#out.waitingBytes > defaultMaxBufferedBytes / 2) return
    this.#isHoldingBack = false
    this.#connection.resume()
  }

  #onSocketClosed(): void {
    this.#problem ??= this.#socket.error
    if (!this.#socket.hasConnected) {
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
    this.#report({ error: this.#problem, bytesToRelay: this.bytesToRelay, bytesFromRelay: this.bytesFromRelay })
  }
}

function reasonOf(error: Error): string {
  return `The target cannot be reached: ${(error as NodeJS.ErrnoException).code ?? error.message}`
}
