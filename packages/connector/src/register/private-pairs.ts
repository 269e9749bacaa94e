import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { joinStreams } from './join-streams.ts'

/** A connection that nobody of ours has announced in this time is a stranger's. */
const strangerMs = 2_000
/** Connections of strangers that wait to be thrown out. */
const maxUnknown = 64

/**
 * Gives sockets of this process an end to connect to, behind which there is a stream. It is a port of the loopback address,
 * which every user of the machine could open: only connections whose other end is ours are joined.
 */
export class PrivatePairs {
  readonly #server: Server
  readonly #unknown = new Map<number, Socket>()
  readonly #announced = new Map<number, Duplex>()
  #listening: Promise<number> | undefined

  constructor() {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#onConnection(socket))
    this.#server.maxConnections = 65_535
    // A program ends when nothing of its own is left.
    this.#server.unref()
  }

  /** The port to connect to. */
  port(): Promise<number> {
    this.#listening ??= this.#listen()
    return this.#listening
  }

  /** Says that a socket of ours which connects there belongs to a stream. */
  announce(socket: Socket, stream: Duplex): void {
    const giveUp = (): void => {
      stream.on('error', () => {}).destroy()
    }
    socket.once('close', giveUp)
    socket.prependOnceListener('connect', () => {
      const port = socket.localPort
      if (port === undefined) return
      socket.off('close', giveUp)
      socket.once('close', () => this.#announced.delete(port))
      const other = this.#unknown.get(port)
      this.#unknown.delete(port)
      if (other) joinStreams(other, stream)
      else this.#announced.set(port, stream)
    })
  }

  async #listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#server.on('error', () => {})
    return (this.#server.address() as { port: number }).port
  }

  #onConnection(socket: Socket): void {
    socket.on('error', () => {})
    const { remotePort } = socket
    if (remotePort === undefined || this.#unknown.size >= maxUnknown) {
      socket.destroy()
      return
    }
    const stream = this.#announced.get(remotePort)
    this.#announced.delete(remotePort)
    if (stream) {
      joinStreams(socket, stream)
      return
    }
    this.#unknown.set(remotePort, socket)
    const timer = setTimeout(() => {
      if (this.#unknown.get(remotePort) !== socket) return
      this.#unknown.delete(remotePort)
      socket.destroy()
    }, strangerMs)
    timer.unref()
  }
}
