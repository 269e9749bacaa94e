import { largeTurnBytes, smallTurnBytes } from '../carrier-limits.ts'
import { CarrierError } from '../codec/carrier-error.ts'
import { dataOffsetBytes, FrameType, frameHeaderBytes, maxDatagramBytes } from '../codec/frame-type.ts'
import {
  type Attached,
  attachedFrameBytes,
  maxOpenFrameBytes,
  type Position,
  type Resume,
  writeAttached,
  writeHeaderFields,
  writeOpen,
  writeResume,
} from '../codec/messages.ts'
import { writeU48 } from '../codec/numbers.ts'
import { type ResetCode, resetText, type StreamReset } from '../reset-code.ts'
import { DatagramQueue } from './datagram-queue.ts'
import type { ReceiveSide } from './receive-side.ts'
import type { SendSide } from './send-side.ts'
import type { StreamCarrier } from './stream-carrier.ts'
import type { TurnTaker } from './turn-queue.ts'

/** Hears what happens to one stream. No call comes after `onClosed`, which comes exactly once. */
export interface CarrierStreamHandler {
  /** The listener's end has reached the target; at the sender's end only. */
  onConnected?(): void
  /** Valid during the call. Say {@link CarrierStream.consume} when done with them: that grants the peer more. */
  onData(bytes: Uint8Array): void
  /** Valid during the call. */
  onDatagram?(datagram: Uint8Array): void
  /** The peer's direction has ended with all its bytes. */
  onEnd(): void
  /** A write returned false before, and there is room again. */
  onDrain(): void
  /** Without a reset both directions came to their end and the peer has confirmed every byte. */
  onClosed(reset: StreamReset | undefined): void
}

/** What a stream is made from. */
export interface CarrierStreamOptions {
  /** Whose end this is. */
  readonly role: 'sender' | 'listener'
  readonly kind: 'tcp' | 'udp'
  readonly target: string
  readonly context: string
  readonly secret: Uint8Array
  /** The secret as hex. */
  readonly key: string
  /** Target and context as OPEN has them. */
  readonly tail: Uint8Array
  readonly send: SendSide
  readonly receive: ReceiveSide
  /** Called before the handler hears of it. */
  readonly onClosed: (stream: CarrierStream, reset: StreamReset | undefined) => void
}

/** FIN, RESET and WINDOW fit in this. */
const shortFrameBytes = 32

/** Where a stream is. While `resuming` it may send nothing; `opening` it may send what the first credit allows. */
type Phase = 'detached' | 'opening' | 'resuming' | 'attached' | 'closed'

/**
 * One TCP or UDP stream, on one carrier after the other. Pure: it hears frames and writes frames.
 *
 * @see docs/protocol/carrier.md "Streams", "Resume and placement"
 */
export class CarrierStream implements TurnTaker {
  readonly kind: 'tcp' | 'udp'
  /** What the sender's end asks for: `host:port`, or empty for the only target. */
  readonly target: string
  /** What the sender's end says about the caller. Not to be trusted. */
  readonly context: string
  /** Names the stream in maps; a secret. */
  readonly key: string
  isQueued = false
  /** Among those that its carrier will ask for words that may wait. */
  isQueuedSoon = false
  /** A sender's end that has not been answered by then is not waited for any more. */
  giveUpAtMs: number = Number.POSITIVE_INFINITY
  /** Since when it has no carrier. */
  detachedAtMs = 0
  readonly #options: CarrierStreamOptions
  readonly #send: SendSide
  readonly #receive: ReceiveSide
  readonly #datagrams = new DatagramQueue()
  #handler: CarrierStreamHandler | undefined
  #carrier: StreamCarrier<CarrierStream> | undefined
  #id = 0
  #phase: Phase = 'detached'
  #attempt = -1
  /** OPEN, RESUME or ATTACHED is to be sent. */
  #isAttachDue = false
  /** Of the listener's process that the present carrier leads to, and of the one that was sent an OPEN. */
  #carrierEpoch = 0
  #openedEpoch: number | undefined
  /** The peer has answered once: it is never opened again. */
  #isKnownToPeer = false
  #isConnected = false
  #isWriterWaiting = false
  /** Little was received and not confirmed, and now it is to be. */
  #isSettling = false
  #lastCarrier: StreamCarrier<CarrierStream> | undefined

  constructor(options: CarrierStreamOptions) {
    this.#options = options
    this.kind = options.kind
    this.target = options.target
    this.context = options.context
    this.key = options.key
    this.#send = options.send
    this.#receive = options.receive
  }

  /** The carrier that it is on or is moving to. */
  get carrier(): StreamCarrier<CarrierStream> | undefined {
    return this.#carrier
  }

  get attempt(): number {
    return this.#attempt
  }

  get isClosed(): boolean {
    return this.#phase === 'closed'
  }

  /** For a sender's end that has to say once more that it gave up: the secret, and the process that knows it, if any does. */
  get openedAt(): { readonly secret: Uint8Array; readonly epoch: number } | undefined {
    return this.#openedEpoch === undefined ? undefined : { secret: this.#options.secret, epoch: this.#openedEpoch }
  }

  /** Where its RESET was sent. */
  get lastCarrier(): StreamCarrier<CarrierStream> | undefined {
    return this.#lastCarrier
  }

  get isConnected(): boolean {
    return this.#isConnected
  }

  get bytesReceived(): number {
    return this.#receive.received
  }

  /** Bytes that were written, whether they have left or not. */
  get bytesWritten(): number {
    return this.#send.replay.end
  }

  /** Bytes that the peer has not confirmed. */
  get bufferedBytes(): number {
    return this.#send.replay.bytes
  }

  /** Something was sent that the peer has not answered. */
  get isAnswerDue(): boolean {
    return this.#phase === 'attached' ? this.#send.isConfirmationDue : this.#id !== 0
  }

  /** Bytes that could leave now, for the order of turns. */
  get sendableBytes(): number {
    return this.kind === 'udp' ? this.#datagrams.bytes : this.#send.sendableBytes
  }

  /** Names who hears of this stream; before anything is received. */
  setHandler(handler: CarrierStreamHandler): void {
    this.#handler = handler
  }

  /**
   * Sends a copy of bytes.
   *
   * @returns false when the buffer is full: write no more until `onDrain`
   */
  write(bytes: Uint8Array): boolean {
    if (this.kind === 'udp') throw new TypeError('A UDP stream sends datagrams')
    if (this.isClosed || this.#send.isEnded) return true
    this.#send.write(bytes)
    this.#wake()
    this.#isWriterWaiting = this.#send.isFull
    return !this.#isWriterWaiting
  }

  /** Sends a datagram, or loses it. @throws {RangeError} when it is too long */
  sendDatagram(datagram: Uint8Array): void {
    if (this.kind === 'tcp') throw new TypeError('A TCP stream sends bytes')
    if (datagram.length > maxDatagramBytes) throw new RangeError(`A datagram has at most ${maxDatagramBytes} bytes`)
    if (this.isClosed || this.#send.isEnded || this.#phase === 'detached') return
    this.#datagrams.add(new Uint8Array(datagram))
    this.#wake()
  }

  /** Says that nothing more comes from us. */
  end(): void {
    if (this.isClosed || this.#send.isEnded) return
    this.#send.isEnded = true
    this.#wake()
  }

  /** Gives up both directions; the peer is told why. */
  reset(code: ResetCode, reason: string = resetText(code)): void {
    if (this.isClosed) return
    if (this.#id !== 0) {
      this.#lastCarrier = this.#carrier
      this.#carrier?.sendReset(this.#id, code, reason)
    }
    this.#close({ code, reason, by: 'us' })
  }

  /** Takes note that bytes of `onData` have been dealt with. */
  consume(bytes: number): void {
    if (this.isClosed) return
    this.#receive.consume(bytes)
    this.#confirm()
  }

  /** The listener's end says that the target is connected. */
  confirmConnected(): void {
    if (this.isClosed || this.#isConnected) return
    this.#isConnected = true
    this.#isAttachDue = true
    this.#wake('patient')
  }

  /** Called about once a second: confirms what little was not confirmed, and gives back what an idle stream does not need. */
  rest(): void {
    this.#send.rest()
    this.#receive.rest()
    this.settle()
  }

  /** What it has to say still is that the peer's end has come, and nothing of ours follows that could say so. */
  get hasLastWord(): boolean {
    return this.#phase === 'attached' && this.#send.isEnded && this.#receive.isEndUnconfirmed
  }

  /** Says what could wait: the answer to OPEN, and what was not confirmed, however little it is. */
  settle(): void {
    if (this.#isAttachDue) return this.#wake()
    if (this.#phase !== 'attached' || !this.#receive.isUnconfirmed) return
    this.#isSettling = true
    this.#wake()
  }

  /** The sender's end puts it on a carrier, which may be its first one. */
  attachAsSender(
    carrier: StreamCarrier<CarrierStream>,
    { firstCreditBytes, epoch }: { readonly firstCreditBytes: number; readonly epoch: number },
  ): void {
    if (this.#openedEpoch !== undefined && this.#openedEpoch !== epoch) {
      // That process is gone, and what it has handed to the target nobody knows.
      this.expire('unknown-stream')
      return
    }
    this.#carrierEpoch = epoch
    // Its place there is free for another stream at once, whenever RESUME arrives.
    if (this.#id !== 0) this.#carrier?.sendLeave(this.#id)
    this.#leave()
    this.#attempt += 1
    this.#phase = this.#isKnownToPeer ? 'resuming' : 'opening'
    this.#send.rewind(this.#send.replay.start)
    if (this.#phase === 'opening') this.#send.limit = Math.max(this.#send.limit, firstCreditBytes)
    this.#carrier = carrier
    this.#isAttachDue = true
    carrier.join(this)
  }

  /** The listener's end follows to another carrier. @returns false when it cannot go on there: it is reset then */
  attachAsListener(carrier: StreamCarrier<CarrierStream>, id: number, resume: Resume): boolean {
    this.#leave()
    this.#attempt = resume.attempt
    this.#phase = 'attached'
    const isPossible = this.#send.restart(resume.received, resume.limit)
    this.#carrier = carrier
    this.#id = id
    this.#isAttachDue = true
    // A target that is near is connected before anybody waits for the answer: one frame says both.
    carrier.bind(id, this, resume.attempt === 0 ? 'patient' : undefined)
    if (!isPossible) this.reset('bytes-lost')
    else this.#drain()
    return isPossible
  }

  /** The carrier is gone. */
  detach(nowMs: number): void {
    if (this.isClosed) return
    this.#forgetCarrier()
    this.#phase = 'detached'
    this.detachedAtMs = nowMs
  }

  onAttached(attached: Attached): void {
    if (attached.attempt !== this.#attempt) throw new CarrierError('CARRIER_FRAME_CONTENT')
    const phase = this.#phase
    this.#isKnownToPeer = true
    this.#phase = 'attached'
    if (attached.isConnected && !this.#isConnected) {
      this.#isConnected = true
      this.#handler?.onConnected?.()
      if (this.isClosed) return
    }
    if (phase !== 'resuming') {
      this.#onPosition(attached)
      this.#send.skipTo(attached.received)
    } else if (this.#send.restart(attached.received, attached.limit)) {
      this.#finishIfDone()
    } else {
      this.reset('bytes-lost')
    }
    this.#drain()
    this.#wake()
  }

  onWindow(position: Position): void {
    this.#requireAttached()
    this.#onPosition(position)
    this.#drain()
    this.#wake()
  }

  onData(offset: number, bytes: Uint8Array): void {
    this.#requireAttached()
    const receive = this.#receive
    if (this.kind === 'udp' || offset > receive.received) throw new CarrierError('CARRIER_OFFSET')
    const end = offset + bytes.length
    if (end > receive.limit) throw new CarrierError('CARRIER_CREDIT')
    if (end <= receive.received) return
    if (receive.isEnded) throw new CarrierError('CARRIER_OFFSET')
    const fresh = offset === receive.received ? bytes : bytes.subarray(receive.received - offset)
    receive.received = end
    this.#handler?.onData(fresh)
    if (!this.isClosed) this.#confirm()
  }

  onDatagram(datagram: Uint8Array): void {
    this.#requireAttached()
    if (this.kind === 'tcp') throw new CarrierError('CARRIER_FRAME_STREAM')
    if (!this.#receive.isEnded) this.#handler?.onDatagram?.(datagram)
  }

  onFin(offset: number): void {
    this.#requireAttached()
    const receive = this.#receive
    if (offset !== receive.received) throw new CarrierError('CARRIER_OFFSET')
    if (receive.isEnded) return
    receive.isEnded = true
    this.#handler?.onEnd()
    if (!this.isClosed) this.#confirm()
  }

  onReset(code: ResetCode, reason: string): void {
    this.#close({ code, reason, by: 'peer' })
  }

  /** Ends it here: nobody is told. */
  expire(code: ResetCode): void {
    if (!this.isClosed) this.#close({ code, reason: resetText(code), by: 'us' })
  }

  /** More to send, as far as it is allowed now. */
  get hasWork(): boolean {
    if (this.#isAttachDue) return true
    if (this.#phase !== 'attached' && this.#phase !== 'opening') return false
    return this.sendableBytes > 0 || this.#send.isFinDue || this.#isWordDue
  }

  /** Writes one turn's frames to `buffer` from `at`, at most up to `end`. @returns where it stopped */
  writeTurn(buffer: Uint8Array, at: number, end: number): number {
    let next = at
    if (this.#isAttachDue) {
      next = this.#writeAttach(buffer, next, end)
      if (this.#isAttachDue) return next
    }
    if (this.#phase !== 'attached' && this.#phase !== 'opening') return next
    if (end - next < shortFrameBytes) return next
    next = this.#writeWindow(buffer, next)
    next = this.kind === 'udp' ? this.#writeDatagrams(buffer, next, end) : this.#writeData(buffer, next, end)
    if (this.#send.isFinDue && end - next >= shortFrameBytes && this.#datagrams.first === undefined) {
      next = this.#writeFin(buffer, next)
    }
    this.#finishIfDone()
    return next
  }

  get #isWordDue(): boolean {
    return this.#phase === 'attached' && (this.#isSettling || this.#receive.isWordDue)
  }

  #writeAttach(buffer: Uint8Array, at: number, end: number): number {
    const receive = this.#receive
    const carrier = this.#carrier
    if (!carrier || end - at < (this.#phase === 'opening' ? maxOpenFrameBytes : 2 * attachedFrameBytes)) return at
    this.#isAttachDue = false
    if (this.#options.role === 'sender') {
      this.#id = carrier.takeNumber(this)
      this.#openedEpoch = this.#carrierEpoch
    }
    receive.tell(carrier.nowMs, carrier.roundTripMs)
    const position = { stream: this.#id, attempt: this.#attempt, received: receive.position, limit: receive.limit }
    if (this.#phase === 'attached') return writeAttached(buffer, at, { ...position, isConnected: this.#isConnected })
    const { kind, secret, tail } = this.#options
    if (this.#phase === 'opening') return writeOpen(buffer, at, { ...position, kind, secret, tail })
    return writeResume(buffer, at, { ...position, secret })
  }

  #writeWindow(buffer: Uint8Array, at: number): number {
    const carrier = this.#carrier
    if (!carrier || this.#phase !== 'attached' || !(this.#isWordDue || this.#receive.isEndUnconfirmed)) return at
    this.#isSettling = false
    this.#receive.tell(carrier.nowMs, carrier.roundTripMs)
    const start = writeHeaderFields(buffer, at, FrameType.window, 12, this.#id)
    writeU48(buffer, start, this.#receive.position)
    writeU48(buffer, start + 6, this.#receive.limit)
    return start + 12
  }

  #writeData(buffer: Uint8Array, at: number, end: number): number {
    const send = this.#send
    const room = end - at - frameHeaderBytes - dataOffsetBytes
    const bytes = Math.min(send.sendableBytes, this.#carrier?.turnBytes ?? 0, room)
    // Half a frame now and half later costs two headers; what is left of this buffer is for smaller ones.
    if (bytes <= 0 || (bytes < send.sendableBytes && bytes < smallTurnBytes)) return at
    const start = writeHeaderFields(buffer, at, FrameType.data, dataOffsetBytes + bytes, this.#id)
    writeU48(buffer, start, send.next)
    send.replay.copyRange(buffer, start + dataOffsetBytes, send.next, bytes)
    send.advance(bytes)
    return start + dataOffsetBytes + bytes
  }

  #writeDatagrams(buffer: Uint8Array, from: number, end: number): number {
    let at = from
    let first = this.#datagrams.first
    while (first && at - from < largeTurnBytes && first.length + frameHeaderBytes <= end - at) {
      const start = writeHeaderFields(buffer, at, FrameType.datagram, first.length, this.#id)
      buffer.set(first, start)
      at = start + first.length
      this.#datagrams.shift()
      first = this.#datagrams.first
    }
    return at
  }

  #writeFin(buffer: Uint8Array, at: number): number {
    const start = writeHeaderFields(buffer, at, FrameType.fin, 6, this.#id)
    writeU48(buffer, start, this.#send.next)
    this.#send.markFinSent()
    return start + 6
  }

  /** What comes under the old number is not heard any more. */
  #leave(): void {
    this.#carrier?.release(this.#id, this)
    this.#forgetCarrier()
  }

  #forgetCarrier(): void {
    this.#carrier = undefined
    this.#id = 0
    this.isQueued = false
    this.isQueuedSoon = false
    this.#datagrams.clear()
  }

  #onPosition(position: Position): void {
    if (!this.#send.confirm(position.received, position.limit)) throw new CarrierError('CARRIER_OFFSET')
    this.#finishIfDone()
  }

  #drain(): void {
    if (!this.#isWriterWaiting || this.isClosed || !this.#send.isRoomy) return
    this.#isWriterWaiting = false
    this.#handler?.onDrain()
  }

  #wake(patience?: 'patient'): void {
    if (!this.isQueued && this.#carrier && this.hasWork) this.#carrier.enqueue(this, patience)
  }

  #confirm(): void {
    if (this.#receive.isWordDue) this.#wake()
    else if (this.#receive.isWordDueSoon) this.#carrier?.enqueueSoon(this)
  }

  #requireAttached(): void {
    if (this.#phase !== 'attached') throw new CarrierError('CARRIER_FRAME_STREAM')
  }

  /** Both directions are over, and both ends know. */
  #finishIfDone(): void {
    if (this.#send.isFinConfirmed && this.#receive.isEnded && !this.#receive.isUnconfirmed) this.#close(undefined)
  }

  #close(reset: StreamReset | undefined): void {
    if (this.isClosed) return
    this.#leave()
    this.#phase = 'closed'
    this.#isAttachDue = false
    this.#send.dispose()
    this.#receive.dispose()
    this.#options.onClosed(this, reset)
    this.#handler?.onClosed(reset)
  }

  /** What the listener's end remembers of it. */
  get finalPosition(): number {
    return this.#receive.position
  }
}
