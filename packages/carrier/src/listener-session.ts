import { SlotMap } from '@postern/websocket'
import { Carrier, type CarrierHandler, type CarrierOwner } from './carrier.ts'
import { type CarrierLimits, defaultCarrierLimits } from './carrier-limits.ts'
import type { Open, Resume } from './codec/messages.ts'
import type { StreamReset } from './reset-code.ts'
import { makeStream } from './stream-maker.ts'
import type { CarrierStream } from './streams/carrier-stream.ts'
import { CreditBudget } from './streams/credit-budget.ts'
import { FinishedStreams } from './streams/finished-streams.ts'

/** How a {@link ListenerSession} is made. */
export interface ListenerSessionOptions {
  /** The listener's id, the same for life: at most 64 printable ASCII characters. */
  readonly id: string
  /**
   * A stream was opened: set its handler at once, compare its target with the allow-list, then `confirmConnected` or
   * `reset`.
   */
  readonly onStream: (stream: CarrierStream) => void
  readonly nowMs: number
  readonly limits?: Partial<CarrierLimits>
  /** Default: one of its own; share one among all sessions of a process. */
  readonly budget?: CreditBudget
}

/**
 * The listener's end: the streams of all senders, over whatever carriers they come. Pure: time comes in.
 *
 * @see docs/protocol/carrier.md
 */
export class ListenerSession implements CarrierOwner, Disposable {
  readonly role = 'listener'
  readonly id: string
  readonly limits: CarrierLimits
  readonly epoch: number = randomEpoch()
  nowMs: number
  readonly #budget: CreditBudget
  readonly #onStream: (stream: CarrierStream) => void
  readonly #carriers = new Set<Carrier>()
  /** By secret. */
  readonly #streams = new SlotMap<string, CarrierStream>()
  readonly #finished: FinishedStreams

  constructor(options: ListenerSessionOptions) {
    this.id = options.id
    this.limits = { ...defaultCarrierLimits, ...options.limits }
    this.nowMs = options.nowMs
    this.#budget = options.budget ?? new CreditBudget()
    this.#onStream = options.onStream
    const { maxFinishedStreams: max, resumeTimeoutMs } = this.limits
    // A sender's end asks until its own time is over, which begins when it notices the loss.
    this.#finished = new FinishedStreams({ max, keepMs: 2 * resumeTimeoutMs })
  }

  get streamCount(): number {
    return this.#streams.size
  }

  /** A relayed connection was accepted with the carrier protocol. */
  addCarrier(handler: CarrierHandler, nowMs: number): Carrier {
    this.nowMs = nowMs
    const carrier = new Carrier(this, handler)
    this.#carriers.add(carrier)
    return carrier
  }

  /** The connection of a carrier is gone: its streams wait for their sender's end. */
  loseCarrier(carrier: Carrier, nowMs: number): void {
    this.nowMs = nowMs
    if (this.#carriers.delete(carrier)) carrier.lose(nowMs)
  }

  /** Looks at the clock, about once a second; carriers are asked by their owners. */
  tick(nowMs: number): void {
    this.nowMs = nowMs
    this.#finished.tick(nowMs)
    for (const stream of this.#streams.values()) {
      if (stream.carrier) stream.rest()
      else if (nowMs - stream.detachedAtMs >= this.limits.resumeTimeoutMs) stream.expire('resume-expired')
    }
  }

  onReady(): void {}

  onDraining(): void {}

  /** Only the sender's end can do something about it. */
  onDoubt(): void {}

  onOpen(carrier: Carrier, id: number, open: Open): void {
    if (this.#answerKnown(carrier, id, open)) return
    const isNew = open.received === 0 && (open.attempt === 0 || !this.#finished.mayHaveForgotten(this.nowMs))
    if (!isNew) carrier.sendReset(id, 'unknown-stream')
    else if (this.#streams.size >= this.limits.maxStreams || !this.#budget.addStream())
      carrier.sendReset(id, 'overloaded')
    else this.#accept(carrier, id, open)
  }

  onResume(carrier: Carrier, id: number, resume: Resume): void {
    if (!this.#answerKnown(carrier, id, resume)) carrier.sendReset(id, 'unknown-stream')
  }

  /** Gives up every stream: nobody will look at the clock for them any more. */
  [Symbol.dispose](): void {
    for (const stream of this.#streams.values()) stream.reset('cancelled', 'The listener has stopped')
  }

  #accept(carrier: Carrier, id: number, open: Open): void {
    const { kind, target, context, secret: key } = open
    const stream = makeStream(
      {
        role: this.role,
        kind,
        target,
        context,
        key,
        secret: nothing,
        tail: nothing,
        onClosed: (closed, reset) => this.#onClosed(closed, reset),
      },
      { limits: this.limits, budget: this.#budget },
    )
    this.#streams.set(key, stream)
    if (stream.attachAsListener(carrier, id, open)) this.#onStream(stream)
  }

  /** @returns false when the secret means nothing here */
  #answerKnown(carrier: Carrier, id: number, resume: Resume): boolean {
    const stream = this.#streams.get(resume.secret)
    if (stream) {
      // A late attempt: the sender's end has made a newer one since, and hears nothing under this number.
      if (resume.attempt > stream.attempt) stream.attachAsListener(carrier, id, resume)
      return true
    }
    const finished = this.#finished.find(resume.secret)
    if (!finished) return false
    if (finished.reset) carrier.sendReset(id, finished.reset.code, finished.reset.reason)
    else carrier.sendFinished(id, resume.attempt, finished.position)
    return true
  }

  #onClosed(stream: CarrierStream, reset: StreamReset | undefined): void {
    this.#streams.delete(stream.key)
    this.#budget.removeStream()
    this.#finished.add(stream.key, { position: stream.finalPosition, reset }, this.nowMs)
  }
}

const nothing = new Uint8Array(0)

function randomEpoch(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  return (high % 0x1_0000) * 0x1_0000_0000 + low
}
