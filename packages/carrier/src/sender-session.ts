import { Slots } from '@postern/websocket'
import { Carrier, type CarrierHandler, type CarrierOwner } from './carrier.ts'
import { type CarrierLimits, defaultCarrierLimits } from './carrier-limits.ts'
import { CarrierError } from './codec/carrier-error.ts'
import { encodeOpenTail, type Hello, hexOf } from './codec/messages.ts'
import { makeStream } from './stream-maker.ts'
import { StreamSecrets } from './stream-secrets.ts'
import type { CarrierStream, CarrierStreamHandler } from './streams/carrier-stream.ts'
import { CreditBudget } from './streams/credit-budget.ts'
import { UnheardResets } from './unheard-resets.ts'

/** What is opened. */
export interface OpenOptions {
  readonly handler: CarrierStreamHandler
  /** `host:port`, at most 512 bytes; default: the listener's only target. */
  readonly target?: string
  /** Who asks, for records, at most 4,096 bytes. */
  readonly context?: string
  readonly kind?: 'tcp' | 'udp'
  /** So long the far end may take to reach its target, or to find that it cannot; the stream is reset then. Default: for ever. */
  readonly answerTimeoutMs?: number
}

const lateAnswer = 'The far end has not answered in time'

/** They go out before anything else, in one buffer: their numbers are the first ones. */
const maxLateResets = 256

/** How a {@link SenderSession} is made. */
export interface SenderSessionOptions {
  /** A stream waits for a carrier: dial one, to {@link SenderSession.listenerId} when it is known. May be said often. */
  readonly onCarrierNeeded: () => void
  readonly nowMs: number
  readonly limits?: Partial<CarrierLimits>
  /** Default: one of its own; share one among all sessions of a process. */
  readonly budget?: CreditBudget
}

/**
 * The sender's end: all streams of one principal to one listener, and the carriers that they are on. Pure: time comes in,
 * dialling is asked for.
 *
 * @see docs/protocol/carrier.md
 */
export class SenderSession implements CarrierOwner {
  readonly role = 'sender'
  readonly id = ''
  readonly limits: CarrierLimits
  readonly epoch = 0
  nowMs: number
  /** The listener that holds the other ends; undefined before the first hello. */
  listenerId: string | undefined
  readonly #budget: CreditBudget
  readonly #onCarrierNeeded: () => void
  readonly #carriers = new Set<Carrier>()
  readonly #streams = new Slots<CarrierStream>()
  readonly #resets = new UnheardResets()
  readonly #secrets = new StreamSecrets()
  #resumeTimeoutMs: number

  constructor(options: SenderSessionOptions) {
    this.limits = { ...defaultCarrierLimits, ...options.limits }
    this.nowMs = options.nowMs
    this.#budget = options.budget ?? new CreditBudget()
    this.#onCarrierNeeded = options.onCarrierNeeded
    this.#resumeTimeoutMs = this.limits.resumeTimeoutMs
  }

  get streamCount(): number {
    return this.#streams.size
  }

  /** Some stream has no carrier, or one on which nobody answers. */
  get isWaiting(): boolean {
    for (const { isDoubtful, streamCount } of this.#carriers) if (isDoubtful && streamCount > 0) return true
    for (const { carrier } of this.#streams) if (carrier === undefined) return true
    return false
  }

  /** All streams that are not closed. */
  streams(): Iterable<CarrierStream> {
    return this.#streams
  }

  /** A relayed connection has agreed on the carrier protocol. */
  addCarrier(handler: CarrierHandler, nowMs: number): Carrier {
    this.nowMs = nowMs
    const carrier = new Carrier(this, handler)
    this.#carriers.add(carrier)
    return carrier
  }

  /** The connection of a carrier is gone: its streams go to others, or wait for one. */
  loseCarrier(carrier: Carrier, nowMs: number): void {
    this.nowMs = nowMs
    if (!this.#carriers.delete(carrier)) return
    this.#resets.lose(carrier, nowMs)
    this.#placeAll(carrier.lose(nowMs))
  }

  /**
   * Opens a stream, which may wait for a carrier.
   *
   * @returns undefined when there are as many streams as there may be
   * @throws {RangeError} when target or context are too long
   */
  open(options: OpenOptions, nowMs: number): CarrierStream | undefined {
    const { handler, target = '', context = '', kind = 'tcp', answerTimeoutMs } = options
    this.nowMs = nowMs
    const tail = encodeOpenTail(target, context)
    if (this.#streams.size >= this.limits.maxStreams || !this.#budget.addStream()) return undefined
    const secret = this.#secrets.take()
    const stream = makeStream(
      {
        role: this.role,
        kind,
        target,
        context,
        secret,
        tail,
        key: hexOf(secret),
        onClosed: (closed, reset) => {
          this.#streams.remove(slot, closed)
          this.#budget.removeStream()
          if (reset?.by === 'us') this.#resets.add(closed, this.nowMs)
        },
      },
      { limits: this.limits, budget: this.#budget },
    )
    stream.setHandler(handler)
    stream.detachedAtMs = nowMs
    if (answerTimeoutMs !== undefined) stream.giveUpAtMs = nowMs + answerTimeoutMs
    const slot = this.#streams.add(stream)
    this.#placeAll([stream])
    return stream
  }

  /** Moves a stream to a carrier. @returns false when that has no room */
  move(stream: CarrierStream, carrier: Carrier, nowMs: number): boolean {
    this.nowMs = nowMs
    if (stream.isClosed || !this.#carriers.has(carrier) || !carrier.hasRoom) return false
    if (stream.carrier !== carrier) this.#attach(stream, carrier)
    return true
  }

  /** Looks at the clock, about once a second; carriers are asked by their owners. */
  tick(nowMs: number): void {
    this.nowMs = nowMs
    this.#resets.tick(nowMs)
    for (const stream of this.#streams) {
      if (nowMs >= stream.giveUpAtMs && !stream.isConnected) stream.reset('unreachable', lateAnswer)
      else if (stream.carrier) stream.rest()
      else if (nowMs - stream.detachedAtMs >= this.#resumeTimeoutMs) stream.expire('resume-expired')
    }
    if (this.isWaiting) this.#onCarrierNeeded()
  }

  onReady(carrier: Carrier, peer: Hello): void {
    this.listenerId ??= peer.id
    if (peer.id !== this.listenerId) throw new CarrierError('CARRIER_WRONG_LISTENER')
    this.#resumeTimeoutMs = Math.min(this.limits.resumeTimeoutMs, peer.resumeTimeoutMs)
    for (const reset of this.#resets.take(peer.epoch, maxLateResets)) carrier.sendLateReset(reset)
    const homeless = [...this.#streams].filter(({ carrier }) => carrier === undefined)
    const left = [...this.#carriers].filter(({ isDraining, isDoubtful }) => isDraining || isDoubtful)
    const leaving = left.flatMap((other) => other.streams())
    // The others may be as dead as those that are left, and not be known as such.
    this.#placeAll([...homeless, ...leaving], [carrier, ...this.#carriers])
  }

  /** What goes on where somebody was heard is safe there; else another carrier is dialled, and the first of the two that speaks wins. */
  onDoubt(carrier: Carrier): void {
    const fresher = [...this.#carriers].filter((other) => other.isFresherThan(carrier))
    this.#placeAll(carrier.streams(), fresher)
  }

  onDraining(carrier: Carrier): void {
    this.#placeAll(carrier.streams())
  }

  onOpen(): void {
    throw new CarrierError('CARRIER_FRAME_TYPE')
  }

  onResume(): void {
    throw new CarrierError('CARRIER_FRAME_TYPE')
  }

  /** Streams share the first carrier that has room, since few carriers cost little; on a long path those with the fewest streams, which are fast there. */
  #placeAll(streams: readonly CarrierStream[], carriers: Iterable<Carrier> = this.#carriers): void {
    let isWaiting = false
    for (const stream of streams) {
      if (stream.isClosed) continue
      const carrier = roomyOne(carriers)
      if (carrier) this.#attach(stream, carrier)
      else isWaiting = true
    }
    if (isWaiting) this.#onCarrierNeeded()
  }

  #attach(stream: CarrierStream, carrier: Carrier): void {
    stream.attachAsSender(carrier, carrier.peer ?? { firstCreditBytes: 0, epoch: 0 })
  }
}

function roomyOne(carriers: Iterable<Carrier>): Carrier | undefined {
  let best: Carrier | undefined
  for (const carrier of carriers) {
    if (!carrier.hasRoom) continue
    if (!carrier.isFar) return carrier
    if (!best || carrier.streamCount < best.streamCount) best = carrier
  }
  return best
}
