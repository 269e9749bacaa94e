import { SlotMap } from '@postern/websocket'
import { type CarrierLimits, largeTurnBytes, maxWaitingResets } from './carrier-limits.ts'
import { CarrierPulse } from './carrier-pulse.ts'
import { CarrierError } from './codec/carrier-error.ts'
import { CarrierFrameDecoder, type FrameSink } from './codec/frame-decoder.ts'
import { FrameType, frameHeaderBytes } from './codec/frame-type.ts'
import {
  decodeAttached,
  decodeHello,
  decodeOpen,
  decodePong,
  decodeReason,
  decodeResume,
  encodeHello,
  encodePing,
  encodeReason,
  type Hello,
  type Open,
  type Resume,
  writeAttached,
  writeHeader,
  writeResume,
} from './codec/messages.ts'
import { readU48 } from './codec/numbers.ts'
import { ControlFrames } from './control-frames.ts'
import { OpenRate } from './open-rate.ts'
import { type ResetCode, resetCodeOf, resetNumber, resetText } from './reset-code.ts'
import type { CarrierStream } from './streams/carrier-stream.ts'
import type { StreamCarrier } from './streams/stream-carrier.ts'
import { TurnQueue } from './streams/turn-queue.ts'

/** The smallest buffer that {@link Carrier.writeTo} takes: any one frame; and no more than one frame of the WebSocket. */
export const minSendBufferBytes: number = 65_536

/** The socket side of a carrier. */
export interface CarrierHandler {
  /**
   * There is something to send: call {@link Carrier.writeTo}, a turn of the loop later when `patient`, since more is likely to come.
   * Not said again before `writeTo` has returned 0.
   */
  onWork(patience?: 'patient'): void
  /** Words wait that need not leave at once: call {@link Carrier.settle} in a moment. */
  onWorkSoon?(): void
  /** Both hellos are there. */
  onReady?(peer: Hello): void
  /** The peer, or we, will close this carrier; no stream is opened here any more. */
  onDraining?(reason: string): void
  /** The last stream has left a carrier that is draining: it can be closed. */
  onEmpty?(): void
}

/** What a carrier asks of the streams' owner. */
export interface CarrierOwner {
  readonly role: 'sender' | 'listener'
  readonly id: string
  readonly limits: CarrierLimits
  /** Of this process: {@link Hello.epoch}. */
  readonly epoch: number
  nowMs: number
  onReady(carrier: Carrier, peer: Hello): void
  onDraining(carrier: Carrier): void
  /** Nobody answers there: its streams may be better off elsewhere. */
  onDoubt(carrier: Carrier): void
  onOpen(carrier: Carrier, id: number, open: Open): void
  onResume(carrier: Carrier, id: number, resume: Resume): void
}

/** What GO_AWAY says. */
export const goAwayCodes = { none: 0, draining: 1, unauthorised: 2, idle: 3 } as const

/**
 * One carrier: bytes and time in, bytes and calls out. It knows no socket; whoever owns the socket calls `receive` with what
 * came, `writeTo` when the socket takes more, and tells the session when it is gone.
 *
 * @see docs/protocol/carrier.md
 */
export class Carrier implements StreamCarrier<CarrierStream>, FrameSink {
  readonly #owner: CarrierOwner
  readonly #handler: CarrierHandler
  readonly #decoder = new CarrierFrameDecoder(this)
  readonly #streams = new SlotMap<number, CarrierStream>()
  /** Streams whose OPEN or RESUME has not been written: only then they get a number, so that numbers rise on the wire. */
  readonly #unnumbered: CarrierStream[] = []
  readonly #queue = new TurnQueue<CarrierStream>()
  /** Streams with words that may wait. */
  #soon: CarrierStream[] = []
  /** Had no room in the last buffer: goes first. */
  #unserved: CarrierStream | undefined
  #highestId = 0
  #peer: Hello | undefined
  #isWorking = false
  #isDraining = false
  #isLost = false
  readonly #pulse: CarrierPulse
  readonly #openRate: OpenRate
  readonly #control: ControlFrames

  constructor(owner: CarrierOwner, handler: CarrierHandler) {
    this.#owner = owner
    this.#handler = handler
    this.#pulse = new CarrierPulse(owner.nowMs)
    const { limits } = owner
    this.#openRate = new OpenRate(limits.maxOpensPerSecond, owner.nowMs)
    // Each stream that is here may be given up while nothing can be sent: that is no flood.
    this.#control = new ControlFrames(maxWaitingResets + limits.maxCarrierStreams)
    this.#control.add(
      encodeHello({
        id: owner.id,
        maxStreams: limits.maxCarrierStreams,
        firstCreditBytes: limits.firstWindowBytes,
        resumeTimeoutMs: limits.resumeTimeoutMs,
        epoch: owner.epoch,
      }),
    )
  }

  get nowMs(): number {
    return this.#owner.nowMs
  }

  /** What the path takes when it holds little: the shortest round trip of the last PINGs. 0 before the first answer. */
  get roundTripMs(): number {
    return this.#pulse.shortestRoundTripMs
  }

  /** The path is so long that a connection of its own is worth much to a stream. */
  get isFar(): boolean {
    return this.#pulse.isFar
  }

  /** An answer is late. New streams go elsewhere, until something is heard. */
  get isDoubtful(): boolean {
    return this.#pulse.isDoubtful
  }

  /** Something was heard here since the other one was asked in vain. */
  isFresherThan(other: Carrier): boolean {
    return this.#pulse.heardAtMs > other.#pulse.askedAtMs
  }

  /** Where nobody else waits, frames are as large as the buffer: each costs the receiver a write. */
  get turnBytes(): number {
    return this.#queue.isEmpty ? minSendBufferBytes : largeTurnBytes
  }

  /** What the peer said of itself; undefined before. */
  get peer(): Hello | undefined {
    return this.#peer
  }

  get streamCount(): number {
    return this.#streams.size + this.#unnumbered.length
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** Streams may be put here. */
  get isOpen(): boolean {
    return this.#peer !== undefined && !this.#isDraining && !this.#isLost
  }

  /** Streams that both ends let be here at a time; 0 before the peer has said hello. */
  get maxStreams(): number {
    return Math.min(this.#peer?.maxStreams ?? 0, this.#owner.limits.maxCarrierStreams)
  }

  /** One more stream may be put here. */
  get hasRoom(): boolean {
    return this.isOpen && !this.isDoubtful && this.streamCount < this.maxStreams && this.#highestId < 0xffff_ffff
  }

  get hasWork(): boolean {
    if (this.#control.hasWork) return true
    return this.#peer !== undefined && (this.#unserved !== undefined || !this.#queue.isEmpty)
  }

  /**
   * Takes bytes from the peer.
   *
   * @throws {CarrierError} when the peer broke the protocol: close the connection, with 1002, and tell the session
   */
  receive(bytes: Uint8Array, nowMs: number): void {
    if (this.#isLost) return
    this.#owner.nowMs = nowMs
    this.#pulse.hear(nowMs)
    try {
      this.#decoder.push(bytes)
      this.#refuseFlood()
    } catch (error) {
      // Nothing is put here while the connection is being closed.
      this.#isDraining = true
      throw error
    }
  }

  /**
   * Writes frames into `buffer`, of at least {@link minSendBufferBytes}, as far as there is something to send.
   *
   * @returns how many bytes of it to send; 0 when there is nothing
   */
  writeTo(buffer: Uint8Array, nowMs: number): number {
    this.#owner.nowMs = nowMs
    let at = this.#control.writeTo(buffer)
    if (this.#peer) at = this.#writeTurns(buffer, at)
    if (at === 0) this.#isWorking = false
    return at
  }

  /** Says that this carrier will be closed. The streams stay until the sender's end has moved them. */
  goAway(code: keyof typeof goAwayCodes, reason: string): void {
    if (this.#isLost) return
    this.#sendFrame(encodeReason({ type: FrameType.goAway, stream: 0, code: goAwayCodes[code], reason }))
    this.#drain(reason)
  }

  /** Looks at the clock. @throws {CarrierError} when the peer is silent */
  tick(nowMs: number): void {
    this.#owner.nowMs = nowMs
    this.#refuseFlood()
    const wasDoubtful = this.isDoubtful
    const question = {
      isReady: this.#peer !== undefined,
      isUsed: this.streamCount > 0,
      isAnswerDue: () => this.#isAnswerDue(),
    }
    if (this.#pulse.tick(nowMs, question)) this.#ping(nowMs)
    if (this.isDoubtful && !wasDoubtful) this.#owner.onDoubt(this)
  }

  join(stream: CarrierStream): void {
    this.#unnumbered.push(stream)
    // The first bytes of a client that speaks first are often here one turn after its connection.
    this.enqueue(stream, 'patient')
  }

  takeNumber(stream: CarrierStream): number {
    this.#leaveUnnumbered(stream)
    this.#highestId += 1
    this.#streams.set(this.#highestId, stream)
    return this.#highestId
  }

  bind(id: number, stream: CarrierStream, patience?: 'patient'): void {
    this.#streams.set(id, stream)
    if (patience) this.enqueueSoon(stream)
    else this.enqueue(stream)
  }

  enqueue(stream: CarrierStream, patience?: 'patient'): void {
    this.#queue.add(stream)
    this.#announceWork(patience)
  }

  enqueueSoon(stream: CarrierStream): void {
    if (stream.isQueuedSoon) return
    stream.isQueuedSoon = true
    if (this.#soon.length === 0) this.#handler.onWorkSoon?.()
    this.#soon.push(stream)
  }

  /** Sends the words that waited. */
  settle(): void {
    const soon = this.#soon
    this.#soon = []
    for (const stream of soon) {
      if (stream.carrier !== this) continue
      stream.isQueuedSoon = false
      stream.settle()
    }
  }

  release(id: number, stream: CarrierStream): void {
    if (id === 0) this.#leaveUnnumbered(stream)
    else this.#streams.delete(id)
    if (this.#isDraining && this.streamCount === 0) this.#handler.onEmpty?.()
  }

  /** The first ones that joined are the first ones to leave. */
  #leaveUnnumbered(stream: CarrierStream): void {
    const at = this.#unnumbered.indexOf(stream)
    if (at >= 0) this.#unnumbered.splice(at, 1)
  }

  sendReset(id: number, code: ResetCode, reason: string = resetText(code)): void {
    this.#sendFrame(encodeReason({ type: FrameType.reset, stream: id, code: resetNumber(code), reason }))
  }

  sendLeave(id: number): void {
    const frame = new Uint8Array(frameHeaderBytes)
    writeHeader(frame, 0, { type: FrameType.leave, length: 0, stream: id })
    this.#sendFrame(frame)
  }

  /** Says of a stream that was on another carrier that it was given up. Only before any stream is put here. */
  sendLateReset({ secret, attempt }: { readonly secret: Uint8Array; readonly attempt: number }): void {
    this.#highestId += 1
    const frame = new Uint8Array(frameHeaderBytes + 32)
    writeResume(frame, 0, { stream: this.#highestId, attempt, secret, received: 0, limit: 0 })
    this.#sendFrame(frame)
    this.sendReset(this.#highestId, 'cancelled')
  }

  /** Answers for a stream that has ended cleanly and is not there any more. */
  sendFinished(id: number, attempt: number, position: number): void {
    const frame = new Uint8Array(frameHeaderBytes + 17)
    writeAttached(frame, 0, { stream: id, attempt, isConnected: true, received: position, limit: 0 })
    this.#sendFrame(frame)
  }

  /** Every stream that is on it, or moving to it. */
  streams(): CarrierStream[] {
    return [...this.#streams.values(), ...this.#unnumbered]
  }

  /** The connection is gone. @returns the streams that were on it, now without a carrier */
  lose(nowMs: number): CarrierStream[] {
    this.#isLost = true
    const left = this.streams()
    this.#streams.clear()
    this.#unnumbered.length = 0
    this.#soon = []
    this.#control.clear()
    this.#unserved = undefined
    for (const stream of left) stream.detach(nowMs)
    return left
  }

  onFrame({ type, stream: id }: { readonly type: number; readonly stream: number }, payload: Uint8Array): void {
    // What comes behind the frame at which this carrier was given up is nobody's.
    if (this.#isLost) return
    if (!this.#peer) {
      if (type !== FrameType.hello) throw new CarrierError('CARRIER_HELLO_EXPECTED')
      this.#onHello(payload)
    } else if (type < FrameType.open) {
      this.#onCarrierFrame(type, payload)
    } else if (type === FrameType.open || type === FrameType.resume) {
      this.#onNewNumber(type, id, payload)
    } else {
      const stream = this.#find(id)
      if (stream && type === FrameType.leave) this.#onLeave(id, stream)
      else if (stream) this.#onStreamFrame(type, stream, payload)
    }
  }

  onData(id: number, offset: number, bytes: Uint8Array): void {
    if (this.#isLost) return
    if (!this.#peer) throw new CarrierError('CARRIER_HELLO_EXPECTED')
    this.#find(id)?.onData(offset, bytes)
  }

  #onHello(payload: Uint8Array): void {
    const peer = decodeHello(payload)
    this.#peer = peer
    this.#owner.onReady(this, peer)
    this.#ping(this.nowMs)
    this.#handler.onReady?.(peer)
  }

  #onCarrierFrame(type: number, payload: Uint8Array): void {
    if (type === FrameType.hello) throw new CarrierError('CARRIER_HELLO_REPEATED')
    if (type === FrameType.ping) {
      this.#control.answer(payload)
      this.#announceWork()
    } else if (type === FrameType.pong) {
      this.#onPong(payload)
    } else {
      this.#drain(decodeReason(payload).reason)
    }
  }

  #onPong(payload: Uint8Array): void {
    this.#pulse.answer(decodePong(payload), this.nowMs)
    if (this.#pulse.isCurious) this.#ping(this.nowMs)
  }

  /** Only the sender's end opens and moves streams. */
  #onNewNumber(type: number, id: number, payload: Uint8Array): void {
    if (this.#owner.role === 'sender') throw new CarrierError('CARRIER_FRAME_TYPE')
    if (id <= this.#highestId) throw new CarrierError('CARRIER_STREAM_NUMBER')
    this.#highestId = id
    if (this.#streams.size >= this.#owner.limits.maxCarrierStreams) this.sendReset(id, 'overloaded')
    else if (type === FrameType.open) this.#onOpen(id, payload)
    else this.#owner.onResume(this, id, decodeResume(payload))
  }

  #onOpen(id: number, payload: Uint8Array): void {
    if (this.#openRate.admit(this.nowMs)) this.#owner.onOpen(this, id, decodeOpen(payload))
    else this.sendReset(id, 'overloaded', 'Too many streams were opened in too short a time')
  }

  /** The sender's end moves it elsewhere. */
  #onLeave(id: number, stream: CarrierStream): void {
    if (this.#owner.role === 'sender') throw new CarrierError('CARRIER_FRAME_TYPE')
    stream.detach(this.nowMs)
    this.release(id, stream)
  }

  #onStreamFrame(type: number, stream: CarrierStream, payload: Uint8Array): void {
    switch (type) {
      case FrameType.window:
        stream.onWindow({ received: readU48(payload, 0), limit: readU48(payload, 6) })
        break
      case FrameType.fin:
        stream.onFin(readU48(payload, 0))
        break
      case FrameType.reset: {
        const { code, reason } = decodeReason(payload)
        stream.onReset(resetCodeOf(code), reason)
        break
      }
      case FrameType.datagram:
        stream.onDatagram(payload)
        break
      default:
        if (this.#owner.role === 'listener') throw new CarrierError('CARRIER_FRAME_TYPE')
        stream.onAttached(decodeAttached(payload))
    }
  }

  /** Undefined for a stream that was here and has left. */
  #find(id: number): CarrierStream | undefined {
    if (id > this.#highestId) throw new CarrierError('CARRIER_FRAME_STREAM')
    return this.#streams.get(id)
  }

  #isAnswerDue(): boolean {
    for (const stream of this.#streams.values()) if (stream.isAnswerDue) return true
    return false
  }

  #ping(nowMs: number): void {
    this.#sendFrame(encodePing(this.#pulse.ask(nowMs)))
  }

  #drain(reason: string): void {
    if (this.#isDraining) return
    this.#isDraining = true
    this.#handler.onDraining?.(reason)
    this.#owner.onDraining(this)
    if (this.streamCount === 0) this.#handler.onEmpty?.()
  }

  #sendFrame(frame: Uint8Array): void {
    if (this.#isLost) return
    this.#control.add(frame)
    this.#announceWork()
  }

  #refuseFlood(): void {
    if (this.#control.isFlooded) throw new CarrierError('CARRIER_FLOOD')
  }

  #announceWork(patience?: 'patient'): void {
    if (this.#isWorking || this.#isLost) return
    this.#isWorking = true
    this.#handler.onWork(patience)
  }

  /** Last words of streams go with what leaves anyhow: until they are said, both ends keep the stream. */
  #takeAlong(): void {
    const soon = this.#soon
    let left = 0
    for (const stream of soon) {
      if (stream.carrier === this && stream.hasLastWord) {
        stream.isQueuedSoon = false
        stream.settle()
      } else {
        soon[left] = stream
        left += 1
      }
    }
    soon.length = left
  }

  #writeTurns(buffer: Uint8Array, from: number): number {
    if (this.#soon.length > 0 && !this.#queue.isEmpty) this.#takeAlong()
    let at = from
    let stream = this.#unserved ?? this.#queue.next()
    this.#unserved = undefined
    while (stream) {
      if (stream.carrier === this) {
        const next = stream.writeTurn(buffer, at, buffer.length)
        const isStuck = next === at && stream.hasWork
        this.#queue.used(next - at)
        at = next
        if (isStuck && at > 0) {
          this.#unserved = stream
          return at
        }
        if (stream.carrier === this && stream.hasWork) this.#queue.add(stream)
      }
      stream = this.#queue.next()
    }
    return at
  }
}
