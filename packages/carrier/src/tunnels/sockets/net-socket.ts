import type { Socket } from 'node:net'
import { cutSocket } from './cut-socket.ts'
import { isEndDoubtful, readAgain } from './doubtful-end.ts'
import { reading } from './reading.ts'
import type { AcceptedSocket, SocketAddress, TunnelSocketHandler } from './tunnel-socket.ts'

/** A socket of Node's, over TCP, TLS or a Unix socket, as a side of a tunnel. */
export class NetSocket implements AcceptedSocket {
  hasConnected: boolean
  isClosed: boolean
  error: NodeJS.ErrnoException | undefined
  readonly #socket: Socket

  /** @param socket made with `allowHalfOpen`; nobody else reads it */
  constructor(socket: Socket) {
    this.#socket = socket
    this.hasConnected = !socket.connecting
    if (socket.connecting) socket.once('connect', () => (this.hasConnected = true))
    this.isClosed = socket.closed
    if (!socket.closed) socket.once('close', () => (this.isClosed = true))
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

  onceConnected(listener: () => void): void {
    this.#socket.once('connect', listener)
  }

  onceClosed(listener: () => void): void {
    if (!this.isClosed) this.#socket.once('close', listener)
  }

  open(handler: TunnelSocketHandler): void {
    const socket = this.#socket
    // An end without bytes before it is told when it comes, whether somebody listens or not.
    if (socket.readableEnded) queueMicrotask(() => this.#onEnd(handler))
    else socket.on('end', () => this.#onEnd(handler))
    reading.read(socket, (bytes) => handler.onSocketData(bytes))
    if (!socket.isPaused()) socket.resume()
  }

  #onEnd(handler: TunnelSocketHandler): void {
    if (this.isClosing) return
    if (!isEndDoubtful(this.#socket)) return handler.onSocketEnd()
    readAgain(this.#socket, (error) => {
      if (error) this.#socket.destroy(error)
      else handler.onSocketEnd()
    })
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
