import { BulkPlacement } from './bulk-placement.ts'
import type { Carrier } from './carrier.ts'
import { type CarrierLimits, defaultCarrierLimits } from './carrier-limits.ts'
import { type CarrierConnection, CarrierRunner } from './carrier-runner.ts'
import { type OpenOptions, SenderSession } from './sender-session.ts'
import type { CarrierStream } from './streams/carrier-stream.ts'
import type { CreditBudget } from './streams/credit-budget.ts'

/** How {@link CarrierPool} dials. */
export interface DialCarrierOptions {
  /** The listener that holds the streams, for `Microsoft-Relay-AllowedListeners`; undefined the first time: any. */
  readonly listenerId: string | undefined
  /** The pool was closed, or has another one. */
  readonly signal: AbortSignal
}

/** An attempt that takes longer may hang where the network was: another one is made beside it. */
const patienceMs = 3_000
/** Attempts at a time, and for streams that move much. */
const maxDials = 4
const maxBulkDials = 8

/** Between two looks at what streams move where the path is long: each that is late costs a stream that has begun to be fast. */
const longPathLookMs = 100

const defaultMaxCarriers = defaultCarrierLimits.maxStreams / defaultCarrierLimits.maxCarrierStreams

export interface CarrierPoolOptions {
  /** Opens a relayed connection on which the listener has agreed to carry; rejects when it cannot. */
  readonly dial: (options: DialCarrierOptions) => Promise<CarrierConnection>
  readonly onDialFailed?: (error: unknown) => void
  /** Whether the relay was reached, and only the listener was not there: after an outage both come back one after the other. */
  readonly isListenerAway?: (error: unknown) => boolean
  /** The relay is there and the listener is not, although it had time to come back: each time that it was looked for. */
  readonly onListenerGone?: () => void
  /** Default 12: what a session's streams need. */
  readonly maxCarriers?: number
  /** A carrier without a stream, and without which there is room enough, is closed after this long. Default 60 s. */
  readonly idleTimeoutMs?: number
  /**
   * So long after the last stream a carrier is kept ready, and dialed again when it is lost, so that whoever comes back does not wait.
   * Default 10 min.
   */
  readonly keepWarmMs?: number
  /** Nobody has used the pool for so long that its last carrier was closed. May be said often. */
  readonly onCold?: () => void
  readonly limits?: Partial<CarrierLimits>
  readonly budget?: CreditBudget
  /** A clock that never goes back. Default: `performance.now`. */
  readonly now?: () => number
}

const firstRetryDelayMs = 250
/** A carrier that lived shorter than this does not count as a success: a listener that drops us at once is not hammered. */
const provenAfterMs = 5000
/** The cap of all our agents: back within 5 s of the cure. */
const maxRetryDelayMs = 4000
/** The cap where only the listener is missed, which needs up to 4 s itself: both together are still back within 5 s. */
const maxAwayDelayMs = 1000
/** So long listeners of ours may need to find a relay again that was away: 4 s between two attempts, and a handshake. */
const listenerReturnMs = 5000
/** Where others have taken the place of a relay that died, both ends find them at once: the listener within half a second. */
const listenerMoveMs = 750

/**
 * Carriers of one principal to one listener: dialled when a stream needs one or soon may, few, and closed when idle for long.
 * Streams that move much get a carrier of their own.
 */
export class CarrierPool implements Disposable {
  readonly #options: CarrierPoolOptions
  readonly #now: () => number
  readonly #session: SenderSession
  readonly #runner: CarrierRunner
  readonly #placement: BulkPlacement
  /** When each carrier was last seen with a stream. */
  readonly #usedAtMs = new WeakMap<Carrier, number>()
  readonly #addedAtMs = new WeakMap<Carrier, number>()
  readonly #dials = new Set<AbortController>()
  #dialledAtMs = Number.NEGATIVE_INFINITY
  #isClosed = false
  #failures = 0
  #isListenerAway = false
  #wasRelayAway = false
  /** Until then a listener that is not there may be on its way. */
  #awaitedUntilMs = Number.NEGATIVE_INFINITY
  #notBeforeMs = 0
  #retryTimer: NodeJS.Timeout | undefined
  /** Streams that move much, as they were a second ago at most. */
  #hot: readonly CarrierStream[] = []
  /** Of those, how many have no carrier of their own yet. */
  #hotWaiting = 0
  #bulkTimer: NodeJS.Timeout | undefined
  /** When there last was a stream. */
  #lastUsedAtMs: number

  constructor(options: CarrierPoolOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    const nowMs = this.#now()
    this.#lastUsedAtMs = nowMs
    this.#session = new SenderSession({
      nowMs,
      onCarrierNeeded: () => this.#dial(),
      ...(options.limits && { limits: options.limits }),
      ...(options.budget && { budget: options.budget }),
    })
    this.#runner = new CarrierRunner({
      session: this.#session,
      now: this.#now,
      onTick: (at) => this.#onTick(at),
      onCarrierLost: (carrier) => this.#onCarrierLost(carrier),
      onCarrierReady: () => this.#placeHot(),
      onCarrierDraining: (carrier) => this.#judge(carrier),
    })
    this.#placement = new BulkPlacement(nowMs)
  }

  /** The listener that the pool leads to; undefined before the first carrier is ready. */
  get listenerId(): string | undefined {
    return this.#session.listenerId
  }

  get carrierCount(): number {
    return this.#runner.carriers.length
  }

  get streamCount(): number {
    return this.#session.streamCount
  }

  /** False when no carrier takes streams, so that nobody knows whether the listener is there: new ones may do better elsewhere. */
  get isReachable(): boolean {
    return this.#runner.carriers.some(({ isDraining, isDoubtful }) => !isDraining && !isDoubtful)
  }

  /** All streams that are not closed. */
  streams(): Iterable<CarrierStream> {
    return this.#session.streams()
  }

  /** Opens a stream; see {@link SenderSession.open}. */
  open(options: OpenOptions): CarrierStream | undefined {
    const nowMs = this.#now()
    this.#lastUsedAtMs = nowMs
    const stream = this.#session.open(options, nowMs)
    if (!this.#isRoomyWithout(undefined)) this.#dial()
    this.#prepareLongPath()
    return stream
  }

  /** Adds a relayed connection that has agreed already. */
  add(connection: CarrierConnection): void {
    const carrier = this.#runner.add(connection)
    this.#usedAtMs.set(carrier, this.#now())
    this.#addedAtMs.set(carrier, this.#now())
  }

  /** Resets every stream and closes every carrier. */
  [Symbol.dispose](): void {
    this.#isClosed = true
    for (const dial of this.#dials) dial.abort()
    for (const stream of this.#session.streams()) stream.reset('cancelled')
    this.#runner[Symbol.dispose]()
    clearTimeout(this.#retryTimer)
    clearInterval(this.#bulkTimer)
  }

  /**
   * One at a time unless it takes long: what it brings may be enough. A failure is followed by a pause.
   *
   * @param wanted so many are needed, whatever the first one brings
   */
  #dial(wanted = 1): void {
    const { maxCarriers = defaultMaxCarriers } = this.#options
    const nowMs = this.#now()
    if (this.#isClosed || nowMs < this.#notBeforeMs || this.#dials.size >= (wanted > 1 ? maxBulkDials : maxDials))
      return
    // One that does not answer is not waited for.
    const carriers = this.#runner.carriers.filter(({ isDoubtful }) => !isDoubtful)
    const coming = carriers.filter(({ peer }) => peer === undefined).length
    if (carriers.length + (wanted > 1 ? this.#dials.size : 0) >= maxCarriers || coming >= wanted) return
    if (this.#dials.size > 0 && this.#dials.size + coming >= wanted && nowMs - this.#dialledAtMs < patienceMs) return
    this.#dialledAtMs = nowMs
    void this.#dialOne()
  }

  async #dialOne(): Promise<void> {
    const dial = new AbortController()
    const { signal } = dial
    this.#dials.add(dial)
    try {
      const connection = await this.#options.dial({ listenerId: this.#session.listenerId, signal })
      this.#dials.delete(dial)
      this.#isListenerAway = false
      this.#wasRelayAway = false
      if (signal.aborted) return connection.abort()
      if (this.#hotWaiting < 2 && this.#missingOnLongPath() < 2) for (const slower of this.#dials) slower.abort()
      this.add(connection)
    } catch (error) {
      this.#dials.delete(dial)
      if (!signal.aborted) this.#onDialFailed(error)
    }
  }

  #onDialFailed(error: unknown): void {
    const { isListenerAway, onDialFailed, onListenerGone } = this.#options
    const isAway = isListenerAway?.(error) ?? false
    // From here on it is only about the listener: a count of its own.
    if (isAway && !this.#isListenerAway) this.#failures = 0
    if (isAway && this.#wasRelayAway) this.#awaitedUntilMs = this.#now() + listenerReturnMs
    this.#isListenerAway = isAway
    this.#wasRelayAway = !isAway
    this.#noteFailure()
    onDialFailed?.(error)
    if (isAway && !this.isReachable && this.#now() >= this.#awaitedUntilMs) onListenerGone?.()
  }

  #noteFailure(): void {
    const limitMs = this.#isListenerAway ? maxAwayDelayMs : maxRetryDelayMs
    // Agents that lost the same relay do not come back all at once.
    const delayMs = Math.min(limitMs, firstRetryDelayMs * 2 ** this.#failures) * (0.5 + Math.random() / 2)
    this.#failures += 1
    this.#retryIn(this.#isListenerAway ? this.#beforeAwaitedEnd(delayMs) : delayMs)
  }

  /** Whoever waits for a listener hears it as soon as it is known that it does not come. */
  #beforeAwaitedEnd(delayMs: number): number {
    const leftMs = this.#awaitedUntilMs - this.#now()
    return leftMs > 0 ? Math.min(delayMs, leftMs) : delayMs
  }

  #retryIn(delayMs: number): void {
    this.#notBeforeMs = this.#now() + delayMs
    clearTimeout(this.#retryTimer)
    this.#retryTimer = setTimeout(() => {
      this.#notBeforeMs = 0
      if (this.#session.isWaiting) this.#dial()
    }, delayMs)
    this.#retryTimer.unref()
  }

  /** What was sent away has been judged then. */
  #onCarrierLost(carrier: Carrier): void {
    if (this.carrierCount === 0) this.#awaitedUntilMs = this.#now() + listenerMoveMs
    if (!carrier.isDraining) this.#judge(carrier)
  }

  /** A listener that cuts us or sends us away at once is not hammered. */
  #judge(carrier: Carrier): void {
    if (this.#now() - (this.#addedAtMs.get(carrier) ?? 0) < provenAfterMs) this.#noteFailure()
  }

  #onTick(nowMs: number): void {
    if (this.#runner.carriers.some((carrier) => this.#isProven(carrier, nowMs))) this.#failures = 0
    if (!this.#bulkTimer) this.#placeBulk(nowMs)
    this.#keepWarm(nowMs)
  }

  /** One that is leaving may have to wait for another: its age says nothing. */
  #isProven(carrier: Carrier, nowMs: number): boolean {
    return !carrier.isDraining && nowMs - (this.#addedAtMs.get(carrier) ?? nowMs) >= provenAfterMs
  }

  #keepWarm(nowMs: number): void {
    const { keepWarmMs = 600_000, onCold } = this.#options
    if (this.streamCount > 0) this.#lastUsedAtMs = nowMs
    const isWarm = nowMs - this.#lastUsedAtMs < keepWarmMs
    if (isWarm && !this.#isRoomyWithout(undefined)) this.#dial()
    this.#closeIdle(nowMs, isWarm)
    if (!isWarm && this.carrierCount === 0) onCold?.()
  }

  /** A quarter of the places is free for those who come while another carrier is dialed. */
  #isRoomyWithout(leaving: Carrier | undefined): boolean {
    let places = 0
    let taken = 0
    for (const carrier of this.#runner.carriers) {
      if (carrier === leaving || carrier.isDraining) continue
      places += carrier.maxStreams
      taken += carrier.streamCount
    }
    return places > 0 && taken * 4 <= places * 3
  }

  /**
   * On a long path a connection that is dialed when a stream has become fast comes five round trips later, and is then as slow as any new one: for each
   * stream that shares its carrier another one is dialed at once, and those that move anything go there.
   */
  #prepareLongPath(): void {
    const missing = this.#missingOnLongPath()
    if (missing === 0) return
    this.#dial(missing)
    this.#bulkTimer ??= setInterval(() => {
      if (this.#missingOnLongPath() > 0) return this.#placeBulk(this.#now())
      clearInterval(this.#bulkTimer)
      this.#bulkTimer = undefined
    }, longPathLookMs).unref()
  }

  /** Streams beyond the first one of each carrier whose path is long. */
  #missingOnLongPath(): number {
    let missing = 0
    for (const { isFar, streamCount } of this.#runner.carriers) {
      if (isFar && streamCount > 1) missing += streamCount - 1
    }
    return missing
  }

  #placeBulk(nowMs: number): void {
    this.#hot = this.#placement.look(this.#session.streams(), nowMs)
    this.#placeHot()
  }

  /** Each takes a carrier that is free; for the others so many are dialed. */
  #placeHot(): void {
    let waiting = 0
    const leaving = new Map<Carrier, number>()
    for (const stream of this.#hot) {
      const carrier = stream.carrier as Carrier | undefined
      const leavingOne = (carrier && leaving.get(carrier)) ?? 0
      // It may be alone by now, or will be.
      if (!carrier || carrier.streamCount - leavingOne < 2) continue
      const free = this.#runner.carriers.find(({ hasRoom, streamCount }) => hasRoom && streamCount === 0)
      if (free) {
        this.#session.move(stream, free, this.#now())
      } else {
        leaving.set(carrier, leavingOne + 1)
        waiting += 1
      }
    }
    this.#hotWaiting = waiting
    for (let at = 0; at < Math.min(waiting, maxBulkDials); at += 1) this.#dial(waiting)
  }

  #closeIdle(nowMs: number, isWarm: boolean): void {
    const { idleTimeoutMs = 60_000 } = this.#options
    for (const carrier of this.#runner.carriers) {
      const isIdle = carrier.streamCount === 0
      if (!isIdle) this.#usedAtMs.set(carrier, nowMs)
      const idleMs = nowMs - (this.#usedAtMs.get(carrier) ?? nowMs)
      if (!isIdle || idleMs < idleTimeoutMs || carrier.isDraining) continue
      if (!isWarm || this.#isRoomyWithout(carrier)) carrier.goAway('idle', 'Idle')
    }
  }
}
