import {
  doubtAfterMs,
  farPathMs,
  helloTimeoutMs,
  maxTickMs,
  pausedAfterMs,
  pingIntervalMs,
  silenceTimeoutMs,
} from './carrier-limits.ts'
import { CarrierError } from './codec/carrier-error.ts'

/** What is known of a carrier when the clock is looked at. */
export interface PulseQuestion {
  /** The peer's hello is there. */
  readonly isReady: boolean
  /** Streams are on it. */
  readonly isUsed: boolean
  /** Something has left that the peer answers within a second. */
  readonly isAnswerDue: () => boolean
}

/** A question is as long as this without an answer before a PING follows. The peer may take as long to confirm a few bytes. */
const questionMs = 900

/** Round trips that are remembered: those of a minute. */
const rememberedAnswers = 12

/** So many PINGs follow each other at once when a carrier is new: before it is busy nobody else tells how long its path is. */
const firstAnswers = 4

/** Whether the peer of one carrier can still be heard. */
export class CarrierPulse {
  /** Round trip of the last PING; 0 before the first answer. */
  roundTripMs = 0
  /** The shortest of the last minute: what the path takes when it holds little. 0 before the first answer. */
  shortestRoundTripMs = 0
  readonly #answersMs: number[] = []
  /** When anything came. */
  heardAtMs: number
  /** An answer is late: the carrier may be lost, or the network slow. The first byte that comes ends the doubt. */
  isDoubtful = false
  readonly #openedAtMs: number
  #tickedAtMs: number
  #pingSentAtMs = 0
  /** The process did not run before: that there was no hello until then says nothing. */
  #awakeAtMs = 0
  /** For how long we could have heard something since we last did, or asked; what came while we did not run is still to be read. */
  #silentMs = 0
  #isPongAwaited = false

  constructor(nowMs: number) {
    this.#openedAtMs = nowMs
    this.heardAtMs = nowMs
    this.#tickedAtMs = nowMs
  }

  /** Since when an answer is waited for, if one is. */
  get askedAtMs(): number {
    return Math.max(this.#openedAtMs, this.#pingSentAtMs)
  }

  /** Too little is known of the path: another PING is due as soon as one was answered. */
  get isCurious(): boolean {
    return this.#answersMs.length < firstAnswers && !this.#isPongAwaited
  }

  /** The path is long, and no slow answer alone makes it look so. */
  get isFar(): boolean {
    return this.#answersMs.length >= firstAnswers && this.shortestRoundTripMs >= farPathMs
  }

  /** Something came. */
  hear(nowMs: number): void {
    this.heardAtMs = nowMs
    this.#silentMs = 0
    this.isDoubtful = false
  }

  /** A PING with this time in it leaves. */
  ask(nowMs: number): number {
    this.#pingSentAtMs = Math.floor(nowMs)
    this.#isPongAwaited = true
    this.#silentMs = 0
    return this.#pingSentAtMs
  }

  /** A PONG to the PING of this time came. */
  answer(sentAtMs: number, nowMs: number): void {
    if (!this.#isPongAwaited || sentAtMs !== this.#pingSentAtMs) return
    this.#isPongAwaited = false
    this.roundTripMs = Math.max(1, nowMs - sentAtMs)
    if (this.#answersMs.push(this.roundTripMs) > rememberedAnswers) this.#answersMs.shift()
    this.shortestRoundTripMs = Math.min(...this.#answersMs)
  }

  /**
   * Looks at the clock.
   *
   * @returns true when a PING is due
   * @throws {CarrierError} when the peer is silent
   */
  tick(nowMs: number, question: PulseQuestion): boolean {
    const passedMs = nowMs - this.#tickedAtMs
    const wasPaused = passedMs >= pausedAfterMs
    this.#tickedAtMs = nowMs
    this.#silentMs += Math.min(passedMs, maxTickMs, nowMs - Math.max(this.heardAtMs, this.#pingSentAtMs))
    if (wasPaused) {
      this.#awakeAtMs = nowMs
      this.#silentMs = 0
    }
    if (!question.isReady) {
      this.#awaitHello(nowMs)
      return false
    }
    if (this.#isPongAwaited) {
      if (this.#silentMs >= silenceTimeoutMs) throw new CarrierError('CARRIER_SILENT')
      // Where answers take long they are late later.
      if (this.#silentMs >= Math.max(doubtAfterMs, 3 * this.roundTripMs)) this.isDoubtful = true
      return wasPaused
    }
    if (!question.isUsed) return false
    if (wasPaused || nowMs - this.#pingSentAtMs >= pingIntervalMs) return true
    return nowMs - this.heardAtMs >= questionMs && question.isAnswerDue()
  }

  #awaitHello(nowMs: number): void {
    const waitedMs = nowMs - Math.max(this.#openedAtMs, this.#awakeAtMs)
    if (waitedMs >= helloTimeoutMs) throw new CarrierError('CARRIER_HELLO_LATE')
    if (waitedMs >= doubtAfterMs) this.isDoubtful = true
  }
}
