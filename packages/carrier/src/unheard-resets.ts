import type { Carrier } from './carrier.ts'
import type { CarrierStream } from './streams/carrier-stream.ts'

/** A stream that was given up, of which the other end may not know it. */
export interface UnheardReset {
  readonly secret: Uint8Array
  readonly attempt: number
  readonly epoch: number
}

interface SentReset extends UnheardReset {
  readonly carrier: Carrier | undefined
  readonly forgetAtMs: number
}

/** More than these end at the other end by its own time-out. */
const maxResets = 1024

/** What was sent so long ago has arrived, or its carrier would have been found silent. */
const keepSentMs = 40_000

/**
 * Streams of a sender's end that it has given up while they had no carrier, or whose RESET went down with one: the
 * listener's end holds their targets until it hears of it.
 */
export class UnheardResets {
  #sent: SentReset[] = []
  #unheard: SentReset[] = []

  /** Notes a stream that was reset by us. */
  add(stream: CarrierStream, nowMs: number): void {
    const { openedAt } = stream
    if (!openedAt) return
    const carrier = stream.lastCarrier as Carrier | undefined
    const reset = { ...openedAt, attempt: stream.attempt + 1, carrier, forgetAtMs: nowMs + keepSentMs }
    const list = carrier ? this.#sent : this.#unheard
    list.push(reset)
    if (list.length > maxResets) list.shift()
  }

  /** What was sent on a carrier that is gone has to be said again. */
  lose(carrier: Carrier, nowMs: number): void {
    const lost = this.#sent.filter((reset) => reset.carrier === carrier)
    if (lost.length === 0) return
    this.#sent = this.#sent.filter((reset) => reset.carrier !== carrier)
    this.#unheard = [...this.#unheard, ...lost.filter(({ forgetAtMs }) => forgetAtMs > nowMs)].slice(-maxResets)
  }

  /** Takes at most `max` of those that the process of this epoch should hear of; others mean nothing to it. */
  take(epoch: number, max: number): readonly UnheardReset[] {
    const known = this.#unheard.filter((reset) => reset.epoch === epoch)
    this.#unheard = known.slice(max)
    return known.slice(0, max)
  }

  /** Forgets what is too old to matter. */
  tick(nowMs: number): void {
    if (this.#sent.length > 0) this.#sent = this.#sent.filter(({ forgetAtMs }) => forgetAtMs > nowMs)
  }
}
