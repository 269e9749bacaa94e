import { isIPv6, Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { reading } from './reading.ts'
import {
  endOfFile,
  type HandleOwner,
  type HandleRequest,
  owner,
  type TcpHandle,
  type TcpHandles,
} from './tcp-handles.ts'
import type { AcceptedSocket, SocketAddress, TunnelSocketHandler } from './tunnel-socket.ts'

/**
 * A TCP connection on Node's handle alone, as a side of a tunnel. HOT PATH. A socket of `node:net` does what a stream of any
 * kind may be asked for, and costs 10 us more for each connection (bench/profile.md).
 */
export class HandleSocket implements AcceptedSocket, HandleOwner {
  hasConnected: boolean
  isClosing = false
  isClosed = false
  error: NodeJS.ErrnoException | undefined
  readonly #handle: TcpHandle
  readonly #handles: TcpHandles
  #peer: Partial<SocketAddress> | undefined
  #handler: TunnelSocketHandler | undefined
  #onConnected: (() => void) | undefined
  readonly #onClosed: (() => void)[] = []
  #isPaused = false
  #isReading = false
  /** The other side has ended. */
  #hasEnded = false
  /** The system has said so as often as it takes to believe it. */
  #isEndSure: boolean
  /** We have, or shall when it is connected and all is written. */
  #isEnding = false
  #isShutting = false
  #isShut = false
  /** What is on its way into the system, or waits for the connection. */
  #writing: Uint8Array | undefined
  #onTaken: (() => void) | undefined

  constructor(handle: TcpHandle, handles: TcpHandles, hasConnected: boolean) {
    this.#handle = handle
    this.#handles = handles
    this.hasConnected = hasConnected
    this.#isEndSure = !handles.tellsResetAsEnd
  }

  /** Dials an address, which is no name. What is wrong with it comes as its error. */
  static dial(handles: TcpHandles, address: string, port: number): HandleSocket {
    const handle = new handles.Handle(handles.socketKind)
    const socket = new HandleSocket(handle, handles, false)
    handle.setNoDelay(true)
    const request = new handles.ConnectRequest()
    request.oncomplete = connectDone
    request[owner] = socket
    const status = isIPv6(address) ? handle.connect6(request, address, port) : handle.connect(request, address, port)
    if (status !== 0) socket.#fail('connect', status)
    return socket
  }

  get remoteAddress(): string | undefined {
    return this.#peerAddress.address
  }

  get remotePort(): number | undefined {
    return this.#peerAddress.port
  }

  get local(): Partial<SocketAddress> {
    const local = {}
    if (!this.isClosing) this.#handle.getsockname(local)
    return local
  }

  toNodeSocket(): Socket {
    return new Socket({ handle: this.#handle, allowHalfOpen: true } as object)
  }

  onceConnected(listener: () => void): void {
    this.#onConnected = listener
  }

  onceClosed(listener: () => void): void {
    this.#onClosed.push(listener)
  }

  open(handler: TunnelSocketHandler): void {
    this.#handler = handler
    if (this.isClosing) return
    const handle = this.#handle
    handle[owner] = this
    handle.onread = readDone
    handle.useUserBuffer(reading.buffer)
    this.#read()
  }

  write(bytes: Uint8Array, onTaken: () => void): void {
    if (this.isClosing) return void setImmediate(onTaken)
    if (!this.hasConnected) {
      this.#writing = bytes
      this.#onTaken = onTaken
      return
    }
    const { WriteRequest, state, isAsyncAt } = this.#handles
    const request = new WriteRequest()
    request.oncomplete = writeDone
    request[owner] = this
    const status = this.#handle.writeBuffer(request, bytes)
    if (status === 0 && state[isAsyncAt] === 0) return onTaken()
    this.#writing = bytes
    this.#onTaken = onTaken
    if (status !== 0) this.#fail('write', status)
  }

  end(): void {
    if (this.#isEnding || this.isClosing) return
    this.#isEnding = true
    this.#shutWhenWritten()
  }

  pause(): void {
    this.#isPaused = true
    if (!this.#isReading) return
    this.#isReading = false
    this.#handle.readStop()
  }

  resume(): void {
    this.#isPaused = false
    this.#read()
  }

  close(): void {
    if (this.isClosing) return
    this.isClosing = true
    this.#handle.close(this.#onHandleClosed)
  }

  cut(): void {
    // No reset is possible where there is no connection yet, nor where all bytes and the end are with the system.
    if (this.isClosing || !this.hasConnected || (this.#isShutting && !this.#isShut)) return this.close()
    this.isClosing = true
    this.#handle.reset(this.#onHandleClosed)
  }

  get #peerAddress(): Partial<SocketAddress> {
    if (!this.#peer) {
      const peer = {}
      if (this.isClosing || this.#handle.getpeername(peer) !== 0) return {}
      this.#peer = peer
    }
    return this.#peer
  }

  #read(): void {
    if (this.#isReading || this.#isPaused || !this.#handler || !this.hasConnected) return
    if (this.isClosing || this.#hasEnded) return
    this.#isReading = true
    const status = this.#handle.readStart()
    if (status !== 0) this.#fail('read', status)
  }

  onRead(): void {
    const { state, readAt } = this.#handles
    const length = state[readAt] as number
    if (this.isClosing) return
    if (length > 0) this.#handler?.onSocketData(reading.buffer.subarray(0, length))
    else if (length === endOfFile) this.#onEnd()
    else if (length < 0) this.#fail('read', length)
  }

  #onEnd(): void {
    this.#isReading = false
    if (!this.#isEndSure) {
      this.#isEndSure = true
      return this.#read()
    }
    this.#hasEnded = true
    this.#handler?.onSocketEnd()
    this.#closeWhenDone()
  }

  onConnected(status: number): void {
    if (this.isClosing) return
    if (status !== 0) return this.#fail('connect', status)
    this.hasConnected = true
    const [waiting, onTaken] = [this.#writing, this.#onTaken]
    this.#writing = undefined
    this.#onTaken = undefined
    if (waiting && onTaken) this.write(waiting, onTaken)
    this.#shutWhenWritten()
    this.#read()
    this.#onConnected?.()
  }

  onWritten(status: number): void {
    if (status < 0 && !this.isClosing) this.#fail('write', status)
    else this.#giveBack()
    this.#shutWhenWritten()
  }

  #giveBack(): void {
    const onTaken = this.#onTaken
    this.#writing = undefined
    this.#onTaken = undefined
    onTaken?.()
  }

  /** Not before: while a shutdown waits for bytes no reset is possible, and whoever cuts then would pass a part for the whole. */
  #shutWhenWritten(): void {
    if (!this.#isEnding || this.#isShutting || this.#writing || !this.hasConnected || this.isClosing) return
    this.#isShutting = true
    const request = new this.#handles.ShutdownRequest()
    request.oncomplete = shutdownDone
    request[owner] = this
    const status = this.#handle.shutdown(request)
    // 1: there was nothing to wait for.
    if (status !== 0) this.onShut(status === 1 ? 0 : status)
  }

  onShut(status: number): void {
    this.#isShut = true
    if (this.isClosing) return
    if (status === 0 || getSystemErrorName(status) === 'ENOTCONN') this.#closeWhenDone()
    else this.#fail('shutdown', status)
  }

  #closeWhenDone(): void {
    if (this.#hasEnded && this.#isShut) this.close()
  }

  #fail(call: string, status: number): void {
    const code = getSystemErrorName(status)
    this.error ??= Object.assign(new Error(`${call} ${code}`), { code, errno: status, syscall: call })
    this.close()
  }

  readonly #onHandleClosed = (): void => {
    this.isClosed = true
    // Whoever comes meanwhile sees that it is closed.
    for (const listener of this.#onClosed.splice(0)) listener()
    this.#giveBack()
  }
}

function readDone(this: TcpHandle): void {
  this[owner]?.onRead()
}

function connectDone(this: HandleRequest, status: number): void {
  this[owner]?.onConnected(status)
}

function writeDone(this: HandleRequest, status: number): void {
  this[owner]?.onWritten(status)
}

function shutdownDone(this: HandleRequest, status: number): void {
  this[owner]?.onShut(status)
}
