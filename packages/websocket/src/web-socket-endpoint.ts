import type { Duplex } from 'node:stream'
import { decodeClose, encodeClose } from './close-payload.ts'
import { FrameDecoder, type FrameSink } from './frame-decoder.ts'
import {
  encodeFrame,
  frameHeadroomBytes,
  headInPlace,
  maskInPlace,
  writeFrameHeader,
  writeMaskedFrame,
} from './frame-encoder.ts'
import { SharedReadBuffer } from './io/shared-read-buffer.ts'
import { sharedPacer } from './io/task-pacer.ts'
import { sharedRegions } from './io/write-regions.ts'
import { Opcode } from './opcode.ts'
import { WebSocketError } from './web-socket-error.ts'

/** How the socket under an endpoint ended. */
export interface EndpointEnd {
  /** Each side said CLOSE, and all that we sent before ours has left. */
  readonly clean: boolean
  /** The peer's close code; 1005 when its CLOSE had none, 1006 when there was no CLOSE; after a violation the code sent. */
  readonly code: number
  readonly reason: string
  readonly error?: Error
}

/** Hears what a peer sends. Messages come in pieces: start, data, end. */
export interface EndpointHandler {
  onMessageStart(kind: 'text' | 'binary'): void
  /**
   * The bytes are the receiver's, with {@link WebSocketEndpointOptions.lends} during the call only. More of the same chunk may follow
   * `pause`, at most what one read brought.
   */
  onMessageData(chunk: Uint8Array): void
  onMessageEnd(): void
  /** The peer sends nothing more. Without half-close its CLOSE is being answered. */
  onCloseFrame(code: number | undefined, reason: string): void
  /** What a send returned false for has been written. */
  onDrain(): void
  onPong?(payload: Uint8Array): void
  /** Exactly once, when the socket is gone. */
  onEnd(end: EndpointEnd): void
}

export interface WebSocketEndpointOptions {
  /** Any byte stream behind a finished handshake. */
  readonly stream: Duplex
  readonly role: 'server' | 'client'
  readonly handler: EndpointHandler
  /** Bytes that came right behind the handshake. */
  readonly head?: Uint8Array
  /** Longest frame sent; longer messages are fragmented. Default 65,536. */
  readonly maxFrameBytes?: number
  /** The peer's CLOSE is reported and not answered: sending goes on until `close`. Default false. */
  readonly allowHalfClose?: boolean
  /**
   * The handler copies what it keeps of a chunk: all sockets are read into one buffer. Nothing is read before the first `resume`.
   * Default false.
   */
  readonly lends?: boolean
}

/** How long the peer may take to answer CLOSE, or to end TCP after both, once it has taken all bytes. */
const closeTimeoutMs = 5000

/** Close time-outs that a peer may pass without taking a byte of what it was sent before: 30 s, as `ws` has it. */
const maxStalledTimeouts = 6

const nothing = new Uint8Array(0)

/** What keep-alive sends to thousands, over and over. A Buffer: of another small array each write would make one. */
const serverPing: Uint8Array = Buffer.from(encodeFrame(Opcode.ping, nothing, { mask: false }))

/** Where sockets are read to whose handlers copy: nothing is left in it between two reads. */
const reading = new SharedReadBuffer(131_072)

/** One end of an open WebSocket over a byte stream. */
export class WebSocketEndpoint implements FrameSink {
  bytesReceived = 0
  bytesSent = 0
  readonly #stream: Duplex
  readonly #isClient: boolean
  readonly #handler: EndpointHandler
  readonly #maxFrameBytes: number
  readonly #allowHalfClose: boolean
  readonly #decoder: FrameDecoder
  #messageOpen = false
  #received: { readonly code: number; readonly reason: string } | undefined
  #sentClose = false
  /** Our CLOSE, and with it everything before, was taken by the operating system. */
  #closeHasLeft = false
  #isAborted = false
  /** TCP ended without CLOSE: the socket goes as soon as it is its turn. */
  #isBroken = false
  #violation: WebSocketError | undefined
  #error: Error | undefined
  #ended = false
  #corked = false
  /** The newest PING that came while the peer did not read: only that one needs an answer. RFC 6455 section 5.5.3 */
  #pongDue: Uint8Array | undefined
  #closeTimer: NodeJS.Timeout | undefined
  #stalledTimeouts = 0
  #unsentBytes = 0
  /** Reading begins with `resume`. */
  #mayRead: boolean
  #isHeld = false
  /** Of frames that are being written, in order. */
  readonly #regions: Uint8Array[] = []
  /** Made once, as all that is called for each write. */
  readonly #onRegionTaken = (): void => {
    const region = this.#regions.shift()
    if (region) sharedRegions.give(region)
  }

  readonly #uncork = (): void => {
    this.#corked = false
    this.#stream.uncork()
  }

  constructor(options: WebSocketEndpointOptions) {
    this.#stream = options.stream
    this.#isClient = options.role === 'client'
    this.#handler = options.handler
    this.#maxFrameBytes = options.maxFrameBytes ?? 65_536
    this.#allowHalfClose = options.allowHalfClose ?? false
    this.#decoder = new FrameDecoder({ expectMask: !this.#isClient, sink: this })
    const { head = nothing, stream } = options
    this.#mayRead = options.lends !== true
    if (this.#mayRead) stream.on('data', (chunk: Uint8Array) => this.#onData(chunk))
    stream.on('drain', () => this.#onDrain())
    stream.on('end', () => this.#onStreamEnd())
    stream.on('error', (error: Error) => {
      this.#error ??= error
    })
    stream.on('close', () => this.#onStreamClosed())
    // The owner has no reference to this endpoint yet: the first bytes wait for the next turn.
    if (head.length > 0) stream.unshift(head)
    if (this.#mayRead) stream.resume()
    else stream.pause()
    if (stream.destroyed) process.nextTick(() => this.#onStreamClosed())
  }

  get state(): 'open' | 'closing' | 'closed' {
    if (this.#ended || this.#isBroken || this.#stream.destroyed) return 'closed'
    return this.#sentClose || this.#received !== undefined ? 'closing' : 'open'
  }

  /** Bytes that wait for the peer to read. */
  get bufferedBytes(): number {
    return this.#stream.writableLength
  }

  get isPaused(): boolean {
    return this.#stream.isPaused()
  }

  /** @returns false when the peer reads more slowly: wait for `onDrain` */
  sendText(text: string): boolean {
    return this.#sendMessage(Opcode.text, Buffer.from(text))
  }

  /** @returns false when the peer reads more slowly: wait for `onDrain`. The bytes must not change before that. */
  sendBinary(bytes: Uint8Array): boolean {
    return this.#sendMessage(Opcode.binary, bytes)
  }

  /**
   * Sends whole frames of a server that were encoded before, for many sockets at once. The bytes must not change.
   *
   * @param onWritten called when the operating system has taken them, or never will
   * @returns false when the peer reads more slowly: wait for `onDrain`
   */
  sendEncoded(frames: Uint8Array, onWritten?: () => void): boolean {
    if (!this.#isSendingOver) return this.#write(frames, onWritten)
    onWritten?.()
    return true
  }

  /** Lends memory of some 128 KiB, for {@link WebSocketEndpoint.sendLent}. */
  lend(): Uint8Array {
    return sharedRegions.take().subarray(frameHeadroomBytes)
  }

  /**
   * Sends the first bytes of what was lent as one binary message, without a copy: it is the endpoint's again, also when there is
   * nothing to send.
   *
   * @returns false when the peer reads more slowly: wait for `onDrain`
   */
  sendLent(lent: Uint8Array, length: number): boolean {
    const region = new Uint8Array(lent.buffer, lent.byteOffset - frameHeadroomBytes, lent.length + frameHeadroomBytes)
    if (length === 0 || this.#isSendingOver) {
      sharedRegions.give(region)
      return true
    }
    const start = this.#isClient ? maskInPlace(region, length) : headInPlace(region, length)
    const frame = region.subarray(start, frameHeadroomBytes + length)
    if (length < shortPayloadBytes) {
      // A copy in Node's pool: what is written to a socket has to be a Buffer, or becomes one.
      const isFlushed = this.#write(Buffer.from(frame))
      sharedRegions.give(region)
      return isFlushed
    }
    this.#regions.push(region)
    return this.#write(frame, this.#onRegionTaken)
  }

  /** Sends the next part of a message whose length is not known yet. */
  sendFragment(
    kind: 'text' | 'binary',
    bytes: Uint8Array,
    position: { readonly first: boolean; readonly last: boolean },
  ): boolean {
    return this.#sendParts(position.first ? Opcode[kind] : Opcode.continuation, bytes, position.last)
  }

  ping(payload: Uint8Array = nothing): void {
    const isPlain = !this.#isClient && payload.length === 0
    this.#write(isPlain ? serverPing : encodeFrame(Opcode.ping, payload, { mask: this.#isClient }))
  }

  /** Says that nothing more is sent. The socket ends when the peer has said it too, at the latest after 5 seconds. */
  close(code?: number, reason?: string): void {
    if (this.#sentClose || this.#stream.destroyed) return
    this.#sendClose(code, reason)
    if (this.#received !== undefined) this.#endStream()
    else if (!this.#allowHalfClose) this.#startCloseTimer()
  }

  /** Cuts the connection, by TCP reset where the stream can. */
  abort(): void {
    const stream = this.#stream as Duplex & { resetAndDestroy?: () => void }
    if (stream.destroyed) return
    this.#isAborted = true
    // TLS sockets inherit the method and throw.
    if (stream.resetAndDestroy && !('encrypted' in stream)) stream.resetAndDestroy()
    else stream.destroy()
  }

  pause(): void {
    this.#isHeld = true
    this.#stream.pause()
  }

  resume(): void {
    this.#isHeld = false
    if (!this.#mayRead) {
      this.#mayRead = true
      reading.read(this.#stream, (chunk) => this.#onData(chunk))
    }
    // What had been read before may have been enough for the handler.
    if (!this.#isHeld) this.#stream.resume()
  }

  onFrame(opcode: number): void {
    if (opcode === Opcode.continuation || this.#isAborted) return
    this.#messageOpen = true
    this.#handler.onMessageStart(opcode === Opcode.text ? 'text' : 'binary')
  }

  onPayload(buffer: Uint8Array, start: number, end: number): void {
    // The rest of the chunk in which the handler aborted is nobody's.
    if (!this.#isAborted) this.#handler.onMessageData(buffer.subarray(start, end))
  }

  onFrameEnd(fin: boolean): void {
    if (!fin || !this.#messageOpen || this.#isAborted) return
    this.#messageOpen = false
    this.#handler.onMessageEnd()
  }

  onControl(opcode: number, payload: Uint8Array): void {
    if (this.#isAborted) return
    if (opcode === Opcode.ping) {
      if (this.#stream.writableNeedDrain) this.#pongDue = payload
      else this.#sendPong(payload)
    } else if (opcode === Opcode.pong) {
      this.#handler.onPong?.(payload)
    } else {
      this.#onClose(payload)
    }
  }

  #onData(chunk: Uint8Array): void {
    this.bytesReceived += chunk.length
    if (this.#violation) return
    try {
      this.#decoder.push(chunk)
    } catch (error) {
      if (error instanceof WebSocketError) this.#fail(error)
      // A fault of the handler ends its connection, not the process.
      else this.#stream.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #onDrain(): void {
    if (this.#pongDue) this.#sendPong(this.#pongDue)
    this.#pongDue = undefined
    this.#handler.onDrain()
  }

  #sendPong(payload: Uint8Array): void {
    this.#write(encodeFrame(Opcode.pong, payload, { mask: this.#isClient }))
  }

  #sendClose(code?: number, reason?: string): void {
    this.#write(encodeFrame(Opcode.close, encodeClose(code, reason), { mask: this.#isClient }), (error) => {
      if (error) return
      this.#closeHasLeft = true
      this.#closeTimer?.refresh()
    })
    this.#sentClose = true
  }

  #onClose(payload: Uint8Array): void {
    const { code, reason } = decodeClose(payload)
    this.#received = { code: code ?? 1005, reason }
    this.#handler.onCloseFrame(code, reason)
    // RFC 6455 section 5.5.1: the answer typically echoes the status code.
    if (!this.#allowHalfClose && !this.#sentClose) this.close(code)
    else if (this.#sentClose) this.#endStream()
  }

  /**
   * Tells the peer what it did wrong, and ends. What it still sends is read and dropped until it ends too: bytes that are
   * left unread make the system send a reset, which can overtake our CLOSE.
   */
  #fail(violation: WebSocketError): void {
    this.#violation = violation
    if (!this.#sentClose) this.#sendClose(violation.closeCode, violation.message)
    this.#startCloseTimer()
    this.#stream.end()
    this.#stream.resume()
  }

  /** RFC 6455 section 7.1.1: the server ends TCP first; a client waits for that. */
  #endStream(): void {
    this.#startCloseTimer()
    if (!this.#isClient) this.#stream.end(() => this.#stream.destroy())
  }

  #startCloseTimer(): void {
    this.#closeTimer ??= setInterval(() => this.#onCloseTimeout(), closeTimeoutMs)
  }

  #onCloseTimeout(): void {
    const left = this.#stream.writableLength
    this.#stalledTimeouts = left === this.#unsentBytes ? this.#stalledTimeouts + 1 : 0
    this.#unsentBytes = left
    if (left === 0 || this.#stalledTimeouts === maxStalledTimeouts) this.#stream.destroy()
  }

  /** FIN of the peer. After its CLOSE we may have something to say; without one the connection is broken. */
  #onStreamEnd(): void {
    if (this.#received === undefined && !this.#violation) this.#leave()
    else if (this.#sentClose) this.#stream.end(() => this.#stream.destroy())
  }

  /** A network that breaks, or a process that is killed, ends thousands at once: what each costs must not come in one turn. */
  #leave(): void {
    this.#isBroken = true
    // Else Node says goodbye for us, at the cost of two system calls, to somebody who has gone.
    this.#stream.allowHalfOpen = true
    sharedPacer.add('goodbye', () => this.#stream.destroy())
  }

  #onStreamClosed(): void {
    if (this.#ended) return
    this.#ended = true
    clearInterval(this.#closeTimer)
    const { code, reason } = this.#outcome()
    const clean = this.#received !== undefined && this.#closeHasLeft && !this.#isAborted && !this.#violation
    const error = this.#violation ?? this.#error
    this.#handler.onEnd({ clean, code, reason, ...(error && { error }) })
  }

  #outcome(): { readonly code: number; readonly reason: string } {
    if (this.#violation) return { code: this.#violation.closeCode, reason: this.#violation.message }
    return this.#received ?? { code: 1006, reason: '' }
  }

  #sendMessage(opcode: number, bytes: Uint8Array): boolean {
    return this.#sendParts(opcode, bytes, true)
  }

  #sendParts(opcode: number, bytes: Uint8Array, last: boolean): boolean {
    const max = this.#maxFrameBytes
    let at = 0
    let flushed = true
    do {
      const part = bytes.length <= max ? bytes : bytes.subarray(at, at + max)
      at += part.length
      flushed = this.#sendFrame(at === part.length ? opcode : Opcode.continuation, part, last && at === bytes.length)
    } while (at < bytes.length)
    return flushed
  }

  /** A server's payload goes out as it is, behind a header of its own; a client's is masked into a copy. */
  #sendFrame(opcode: number, payload: Uint8Array, fin: boolean): boolean {
    if (this.#isClient && payload.length >= shortPayloadBytes) return this.#sendLargeMasked(opcode, payload, fin)
    if (this.#isClient || payload.length < shortPayloadBytes) {
      return this.#write(encodeFrame(opcode, payload, { mask: this.#isClient, fin }))
    }
    const header = new Uint8Array(10)
    this.#write(header.subarray(0, writeFrameHeader(header, 0, { opcode, fin, length: payload.length })))
    return this.#write(payload)
  }

  /** Masked into memory that is used again: a new buffer for each frame would be as much work as to fill it. */
  #sendLargeMasked(opcode: number, payload: Uint8Array, fin: boolean): boolean {
    if (this.#isSendingOver) return true
    const region = sharedRegions.take()
    this.#regions.push(region)
    const length = writeMaskedFrame(region, opcode, payload, fin)
    return this.#write(region.subarray(0, length), this.#onRegionTaken)
  }

  get #isSendingOver(): boolean {
    return this.#sentClose || this.#isBroken || this.#stream.destroyed || this.#stream.writableEnded
  }

  /** Writes of one turn leave together: each write is a system call, and with TLS a record. */
  #write(bytes: Uint8Array, onWritten?: (error: Error | null | undefined) => void): boolean {
    if (this.#isSendingOver) return true
    this.bytesSent += bytes.length
    if (!this.#corked) {
      this.#corked = true
      this.#stream.cork()
      process.nextTick(this.#uncork)
    }
    return this.#stream.write(bytes, onWritten)
  }
}

/** Up to here a copy costs less than a second buffer in the write. */
const shortPayloadBytes = 4096
