import type { Socket } from 'node:net'
import { cutSocket } from './cut-socket.ts'
import { reading } from './reading.ts'
import type { AcceptedSocket, SocketAddress, TunnelSocketHandler } from './tunnel-socket.ts'

/** A socket of Node's, over TCP, TLS or a Unix socket, as a side of a tunnel. */
export class NetSocket implements AcceptedSocket {
  hasConnected: boolean
  error: NodeJS.ErrnoException | undefined
  readonly #socket: Socket

  /** @param socket made with `allowHalfOpen`; nobody else reads it */
  constructor(socket: Socket) {
    this.#socket = socket
    this.hasConnected = !socket.connecting
    if (socket.connecting) socket.once('connect', () => (this.hasConnected = true))
    socket.setNoDelay(true)
    socket.on('error', (error) => {
      this.error ??= error
    })
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort
  }

  get local(): Partial<SocketAddress> {
    const { localAddress: address, localPort: port } = this.#socket
    return address === undefined || port === undefined ? {} : { address, port }
  }

  toNodeSocket(): Socket {
    return this.#socket
  }

  get isClosing(): boolean {
    return this.#socket.destroyed
  }

  get isClosed(): boolean {
    return this.#socket.closed
  }

  onceConnected(listener: () => void): void {
    this.#socket.once('connect', listener)
  }

  onceClosed(listener: () => void): void {
    this.#socket.once('close', listener)
  }

  open(handler: TunnelSocketHandler): void {
    const socket = this.#socket
    socket.on('end', () => handler.onSocketEnd())
    reading.read(socket, (bytes) => handler.onSocketData(bytes))
    if (!socket.isPaused()) socket.resume()
  }

  write(bytes: Uint8Array, onTaken: () => void): void {
    this.#socket.write(bytes, onTaken)
  }

  end(): void {
    this.#socket.end()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#socket.destroy()
  }

  cut(): void {
    cutSocket(this.#socket)
  }
}
