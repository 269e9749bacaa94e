import { BulkPlacement } from './bulk-placement.ts'
import type { Carrier } from './carrier.ts'
import type { CarrierLimits } from './carrier-limits.ts'
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
/** Attempts at a time. */
const maxDials = 4

export interface CarrierPoolOptions {
  /** Opens a relayed connection on which the listener has agreed to carry; rejects when it cannot. */
  readonly dial: (options: DialCarrierOptions) => Promise<CarrierConnection>
  readonly onDialFailed?: (error: unknown) => void
  /** Whether the relay was reached, and only the listener was not there: after an outage both come back one after the other. */
  readonly isListenerAway?: (error: unknown) => boolean
  /** Default 8. */
  readonly maxCarriers?: number
  /** A carrier without a stream is closed after this long; the last one stays. Default 60 s. */
  readonly idleTimeoutMs?: number
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

/**
 * Carriers of one principal to one listener: dialled when a stream needs one, few, and closed when idle for long. Streams that
 * move much get a carrier of their own.
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
  #notBeforeMs = 0
  #retryTimer: NodeJS.Timeout | undefined

  constructor(options: CarrierPoolOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    const nowMs = this.#now()
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
    return this.#session.open(options, this.#now())
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
    clearTimeout(this.#retryTimer)
    for (const dial of this.#dials) dial.abort()
    for (const stream of this.#session.streams()) stream.reset('cancelled')
    this.#runner[Symbol.dispose]()
  }

  /** One at a time unless it takes long: what it brings may be enough. A failure is followed by a pause. */
  #dial(): void {
    const { maxCarriers = 8 } = this.#options
    const nowMs = this.#now()
    if (this.#isClosed || nowMs < this.#notBeforeMs) return
    if (this.#dials.size > 0 && (nowMs - this.#dialledAtMs < patienceMs || this.#dials.size >= maxDials)) return
    // One that does not answer is not waited for.
    const carriers = this.#runner.carriers.filter(({ isDoubtful }) => !isDoubtful)
    if (carriers.length >= maxCarriers || carriers.some(({ peer }) => peer === undefined)) return
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
      if (signal.aborted) return connection.abort()
      for (const slower of this.#dials) slower.abort()
      this.add(connection)
    } catch (error) {
      this.#dials.delete(dial)
      if (signal.aborted) return
      const isListenerAway = this.#options.isListenerAway?.(error) ?? false
      // From here on it is only about the listener: a count of its own.
      if (isListenerAway && !this.#isListenerAway) this.#failures = 0
      this.#isListenerAway = isListenerAway
      this.#noteFailure()
      this.#options.onDialFailed?.(error)
    }
  }

  #noteFailure(): void {
    const limitMs = this.#isListenerAway ? maxAwayDelayMs : maxRetryDelayMs
    // Agents that lost the same relay do not come back all at once.
    const delayMs = Math.min(limitMs, firstRetryDelayMs * 2 ** this.#failures) * (0.5 + Math.random() / 2)
    this.#failures += 1
    this.#notBeforeMs = this.#now() + delayMs
    clearTimeout(this.#retryTimer)
    this.#retryTimer = setTimeout(() => {
      this.#notBeforeMs = 0
      if (this.#session.isWaiting) this.#dial()
    }, delayMs)
    this.#retryTimer.unref()
  }

  #onCarrierLost(carrier: Carrier): void {
    if (carrier.isDraining && carrier.streamCount === 0) return
    if (this.#now() - (this.#addedAtMs.get(carrier) ?? 0) < provenAfterMs) this.#noteFailure()
  }

  #onTick(nowMs: number): void {
    const isProven = this.#runner.carriers.some((each) => nowMs - (this.#addedAtMs.get(each) ?? nowMs) >= provenAfterMs)
    if (isProven) this.#failures = 0
    this.#placeBulk(nowMs)
    this.#closeIdle(nowMs)
  }

  #placeBulk(nowMs: number): void {
    const hot = this.#placement.look(this.#session.streams(), nowMs)
    for (const stream of hot) {
      // It may be alone by now.
      if (((stream.carrier as Carrier | undefined)?.streamCount ?? 0) < 2) continue
      const free = this.#runner.carriers.find(({ hasRoom, streamCount }) => hasRoom && streamCount === 0)
      if (free) this.#session.move(stream, free, nowMs)
      else this.#dial()
    }
  }

  #closeIdle(nowMs: number): void {
    const { idleTimeoutMs = 60_000 } = this.#options
    let left = this.carrierCount
    for (const carrier of this.#runner.carriers) {
      const isIdle = carrier.streamCount === 0
      if (!isIdle) this.#usedAtMs.set(carrier, nowMs)
      const idleMs = nowMs - (this.#usedAtMs.get(carrier) ?? nowMs)
      if (!isIdle || left === 1 || idleMs < idleTimeoutMs || carrier.isDraining) continue
      left -= 1
      carrier.goAway('idle', 'Idle')
    }
  }
}
