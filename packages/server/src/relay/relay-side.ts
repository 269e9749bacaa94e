import type { Duplex } from 'node:stream'
import {
  encodeFrame,
  type ForwardSink,
  FrameForwarder,
  GatheredWrites,
  type KeepAlivePeer,
  Opcode,
  WebSocketError,
} from '@postern/websocket'
import type { EntityCounters } from '../telemetry/counters.ts'
import type { RelayBuffers } from './relay-buffers.ts'

/** What a side tells the connection that owns it. */
export interface RelaySideOwner {
  /** Both directions have carried their CLOSE; `first` was the earlier one, with this payload. */
  onBothClosed(first: RelaySide, payload: Uint8Array): void
  /** This side went away before its CLOSE. */
  onBroken(side: RelaySide, reason: string): void
  /** This side sent what RFC 6455 forbids. */
  onViolation(side: RelaySide, violation: { readonly closeCode: number; readonly reason: string }): void
}

export interface RelaySideOptions {
  readonly socket: Duplex
  readonly owner: RelaySideOwner
  readonly counters: EntityCounters
  /** permessage-deflate was agreed end to end, so RSV1 may be set. */
  readonly allowRsv1: boolean
  /** Bytes that may wait for this side's reader before the other side is paused. */
  readonly bufferBytes: number
  readonly buffers: RelayBuffers
}

/**
 * One of the two sockets of a relayed connection. HOT PATH: everything that happens per chunk is in `#onData` and the
 * sink methods; nothing here waits, logs or makes a closure per frame.
 */
export class RelaySide implements ForwardSink, KeepAlivePeer {
  readonly socket: Duplex
  /** Payload and framing bytes that came from this side. */
  bytesReceived = 0
  /** Payload of the CLOSE that this side sent; it may still read. */
  #close: Uint8Array | undefined
  #peer!: RelaySide
  readonly #owner: RelaySideOwner
  readonly #counters: EntityCounters
  readonly #bufferBytes: number
  readonly #buffers: RelayBuffers
  readonly #forwarder: FrameForwarder
  /** Everything that is sent to this side. */
  readonly #out: GatheredWrites
  #paused = false
  /** Control frames for this side that wait until no data frame is open on its wire. */
  #pongDue: Uint8Array | undefined
  #pingDue = false
  #ended = false

  constructor(options: RelaySideOptions) {
    this.socket = options.socket
    this.#owner = options.owner
    this.#counters = options.counters
    // What one read brings comes on top.
    this.#bufferBytes = Math.max(options.bufferBytes / 2, options.bufferBytes - 65_536)
    this.#buffers = options.buffers
    const { regions } = options.buffers
    this.#out = new GatheredWrites({ socket: this.socket, regions, onWritten: () => this.#onWritten() })
    this.#forwarder = new FrameForwarder({ sink: this, allowRsv1: options.allowRsv1 })
  }

  /** Joins this side to `peer` and starts reading; `head` is what came right behind the handshake. */
  start(peer: RelaySide, head: Uint8Array): void {
    this.#peer = peer
    const { socket } = this
    socket.on('end', () => this.#onEnd('ended TCP without CLOSE'))
    socket.on('error', (error: Error) => this.#onEnd(error.message))
    socket.on('close', () => this.#onGone())
    if (head.length > 0) this.#onData(head)
    this.#buffers.reading.read(socket, (chunk) => this.#onData(chunk))
    if (!this.#paused) socket.resume()
  }

  /**
   * A side that is paused, has said CLOSE, or has not taken what was written to it cannot be expected to answer; nor can
   * one whose PING still waits, for example for ever because the other side has said CLOSE. TCP finds those that are dead.
   */
  get isPaused(): boolean {
    return this.#paused || this.sentClose || this.#pingDue || this.#out.waitingBytes > 0
  }

  ping(): void {
    this.#pingDue = true
    this.#flushControl()
  }

  onSilent(): void {
    this.#owner.onBroken(this, 'did not answer two pings')
  }

  onHeader(first: number, payloadLength: number): void {
    this.#peer.#out.writeHeader(first, payloadLength)
  }

  onPayload(chunk: Uint8Array, start: number, length: number, maskKey: number, phase: number): void {
    this.#peer.#out.writeUnmasked(chunk, start, length, maskKey, phase)
  }

  /** Pings are hop by hop: answered here, never forwarded. Only the newest needs an answer (RFC 6455 section 5.5.3). */
  onPing(payload: Uint8Array): void {
    this.#pongDue = payload.slice()
    this.#flushControl()
  }

  onPong(): void {
    // Any byte received counts as alive; the payload is our own.
  }

  /** CLOSE is forwarded and not answered: the other direction stays open until its own CLOSE (half-close). */
  onClose(payload: Uint8Array): void {
    this.#close = payload.slice()
    const peer = this.#peer
    peer.#out.write(encodeFrame(Opcode.close, payload, { mask: false }))
    if (peer.#close) this.#owner.onBothClosed(peer, peer.#close)
  }

  /** Ends this side's wire with a CLOSE of the relay's own, if its framing allows one now, then TCP. */
  closeWith(payload: Uint8Array): void {
    if (!this.#ended && !this.#peer.sentClose && this.#peer.#forwarder.atFrameBoundary) {
      this.#out.write(encodeFrame(Opcode.close, payload, { mask: false }))
    }
    this.end()
  }

  /** This side sent CLOSE; it may still read. */
  get sentClose(): boolean {
    return this.#close !== undefined
  }

  /** Flushes what was written, then ends TCP. Without a CLOSE before it the reader sees a broken connection. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    if (!this.socket.destroyed) endAfterFlush(this.socket, this.#out)
  }

  /** Ends TCP at once. */
  destroy(): void {
    this.#ended = true
    this.socket.destroy()
  }

  #onData(chunk: Uint8Array): void {
    if (this.#ended) return
    this.bytesReceived += chunk.length
    this.#counters.bytesTransferred += chunk.length
    try {
      this.#forwarder.push(chunk)
    } catch (error) {
      this.#onProtocolError(error)
      return
    }
    this.#peer.#flushControl()
    if (this.#peer.#out.waitingBytes > this.#bufferBytes && !this.#paused) {
      this.#paused = true
      this.socket.pause()
    }
  }

  /** Part of what was waiting for this side has been written: before the rest has, the other side is read again. */
  #onWritten(): void {
    this.#flushControl()
    const peer = this.#peer
    if (!peer.#paused || this.#out.waitingBytes > this.#bufferBytes / 2) return
    peer.#paused = false
    peer.socket.resume()
  }

  /**
   * Sends a waiting PONG or PING when the frames that the peer feeds to this side are at a boundary, and this side reads:
   * one that floods the relay with PINGs and reads no answer must not fill its memory.
   */
  #flushControl(): void {
    if (this.#pongDue === undefined && !this.#pingDue) return
    if (this.#ended || this.#peer.sentClose || !this.#peer.#forwarder.atFrameBoundary) return
    if (this.#out.waitingBytes > maxWaitingBeforeControl) return
    if (this.#pongDue !== undefined) {
      this.#out.write(encodeFrame(Opcode.pong, this.#pongDue, { mask: false }))
      this.#pongDue = undefined
    }
    if (this.#pingDue) {
      this.#out.write(emptyPing)
      this.#pingDue = false
    }
  }

  #onProtocolError(error: unknown): void {
    if (!(error instanceof WebSocketError)) throw error
    this.#owner.onViolation(this, { closeCode: error.closeCode, reason: error.message })
  }

  /** FIN after CLOSE is how some clients end; before it the stream is cut short. */
  #onEnd(reason: string): void {
    if (!this.#ended && !this.sentClose) this.#owner.onBroken(this, reason)
  }

  #onGone(): void {
    if (!this.#ended) this.#owner.onBroken(this, 'closed TCP')
  }
}

/** How long a reader may take for the last bytes of a connection that is over. */
const flushTimeoutMs = 30_000

function endAfterFlush(socket: Duplex, out: GatheredWrites): void {
  const timer = setTimeout(() => socket.destroy(), flushTimeoutMs)
  socket.once('close', () => clearTimeout(timer))
  out.end(() => socket.end(() => socket.destroy()))
}

/** A side with more than this to read gets no answer to its PINGs until it has read; Node's own mark for a full stream. */
const maxWaitingBeforeControl = 65_536

const emptyPing: Uint8Array = encodeFrame(Opcode.ping, new Uint8Array(0), { mask: false })
