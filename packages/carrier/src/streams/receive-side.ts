import {
  confirmAtOnceBytes,
  confirmSoonBytes,
  eagerBytesPerMs,
  eagerGrowthTimeMs,
  growthGain,
  longPathMs,
  minLongPathWindowBytes,
  speedTimeMs,
} from '../carrier-limits.ts'
import type { CreditBudget } from './credit-budget.ts'

/** The direction of a stream that we receive: what came, what was taken, what was granted and confirmed. */
export class ReceiveSide {
  /** All below this offset is here. */
  received = 0
  /** Bytes below this offset were granted to the peer. */
  limit: number
  /** FIN and all before it are here. */
  isEnded = false
  /** Bytes that the program has done with. */
  #consumed = 0
  #windowBytes: number
  #toldReceived = 0
  /** When and where the window was last looked at, to measure how fast it is used up. */
  #measuredAtMs = 0
  #measuredFrom = 0
  /** All that was granted came and was dealt with: the peer waits for our word, however long it was on its way. */
  #isWaitedFor = false
  /** The budget counts it among those that share short paths. */
  #isBusy = false
  #consumedAtRest = 0
  /** Bytes a millisecond that were consumed lately, since when it is being measured, and what it was when the window last grew. */
  #speed = 0
  #speedAtMs = 0
  #speedFrom = 0
  #speedAtGrowth = 0
  readonly #maxBytes: number
  readonly #firstBytes: number
  readonly #budget: CreditBudget

  constructor(options: { readonly firstBytes: number; readonly maxBytes: number; readonly budget: CreditBudget }) {
    this.#firstBytes = options.firstBytes
    this.#windowBytes = options.firstBytes
    this.limit = options.firstBytes
    this.#maxBytes = options.maxBytes
    this.#budget = options.budget
  }

  /** What is told of the position: FIN takes one place. */
  get position(): number {
    return this.isEnded ? this.received + 1 : this.received
  }

  get windowBytes(): number {
    return this.#windowBytes
  }

  get isWordDue(): boolean {
    const quarter = this.#windowBytes / 4
    return (
      this.received - this.#toldReceived >= Math.min(quarter, Math.max(confirmAtOnceBytes, quarter / 4)) ||
      (!this.isEnded && this.#consumed + this.#windowBytes - this.limit >= quarter)
    )
  }

  /** The peer may wait for a word, and others may join it. */
  get isWordDueSoon(): boolean {
    return this.received - this.#toldReceived >= confirmSoonBytes || this.isEndUnconfirmed
  }

  /** FIN was not confirmed yet. Nobody waits for that word, and often a FIN of ours follows that it can travel with. */
  get isEndUnconfirmed(): boolean {
    return this.isEnded && this.#toldReceived !== this.position
  }

  /** Something was not confirmed yet, even if it is little. */
  get isUnconfirmed(): boolean {
    return this.#toldReceived !== this.position
  }

  consume(bytes: number): void {
    this.#consumed = Math.min(this.received, this.#consumed + bytes)
    if (this.#consumed === this.limit) this.#isWaitedFor = true
  }

  /** Grants what became free, more when the window turns out to be too small, and notes that it is being told. */
  tell(nowMs: number, roundTripMs: number): void {
    if (this.#measuredAtMs === 0) this.#measuredAtMs = nowMs
    this.#measure(nowMs, roundTripMs)
    this.limit = Math.max(this.limit, this.#consumed + this.#windowBytes)
    this.#toldReceived = this.position
  }

  /** Called about once a second: a stream that has had nothing since leaves its part of short paths to others. */
  rest(): void {
    if (this.#consumed === this.#consumedAtRest) this.#setBusy(false)
    this.#consumedAtRest = this.#consumed
  }

  dispose(): void {
    this.#budget.give(this.#windowBytes - this.#firstBytes)
    this.#windowBytes = this.#firstBytes
    this.#setBusy(false)
  }

  #setBusy(isBusy: boolean): void {
    if (isBusy === this.#isBusy) return
    this.#isBusy = isBusy
    if (isBusy) this.#budget.addBusy()
    else this.#budget.removeBusy()
  }

  /** Half a window in less than two round trips: the peer may wait for our word. */
  #measure(nowMs: number, roundTripMs: number): void {
    this.#measureSpeed(nowMs, roundTripMs)
    if (this.#consumed - this.#measuredFrom < this.#windowBytes / 2) return
    const eagerBytes = this.#eagerBytes(roundTripMs)
    const isEager = this.#windowBytes < eagerBytes
    const eagerMs = isEager ? eagerGrowthTimeMs : 0
    const isLongPath = roundTripMs >= longPathMs
    const isLate = isLongPath && isEager && this.#isWaitedFor
    const isFast = isLate || nowMs - this.#measuredAtMs < Math.max(2 * roundTripMs, eagerMs)
    this.#isWaitedFor = false
    this.#measuredAtMs = nowMs
    this.#measuredFrom = this.#consumed
    if (isFast) this.#setBusy(true)
    if (!isFast || !(isEager || (isLongPath && this.#hasGrowthPaid))) return
    // To begin with three times as much: a path that is waited for at every step takes this stream for a slow one (BBR, measured).
    const eagerTimes = isLongPath ? 3 : 1
    const wanted = isEager
      ? Math.min(eagerTimes * this.#windowBytes, eagerBytes - this.#windowBytes)
      : this.#windowBytes
    const more = Math.min(wanted, this.#maxBytes - this.#windowBytes)
    const taken = this.#budget.takeMost(more, this.#windowBytes)
    if (taken === 0) return
    this.#windowBytes += taken
    this.#speedAtGrowth = this.#speed
  }

  /** How far it grows as long as it is used up fast. */
  #eagerBytes(roundTripMs: number): number {
    if (roundTripMs < longPathMs) return this.#budget.shortPathWindowBytes
    // It is the peer who says how long a round trip is.
    return Math.max(minLongPathWindowBytes, Math.min(eagerBytesPerMs * roundTripMs, this.#maxBytes / 4))
  }

  /**
   * A busy path answers late because of what it holds already: larger windows make it hold more and later still, without end, and
   * bytes that wait long are read from slow memory (measured: 16 MiB on a loopback). A window that is too small for its path makes
   * the stream faster when it grows.
   */
  get #hasGrowthPaid(): boolean {
    return this.#speed > 0 && this.#speed >= growthGain * this.#speedAtGrowth
  }

  #measureSpeed(nowMs: number, roundTripMs: number): void {
    const passedMs = nowMs - this.#speedAtMs
    if (passedMs < Math.max(speedTimeMs, 2 * roundTripMs)) return
    this.#speed = this.#speedFrom === 0 ? 0 : (this.#consumed - this.#speedFrom) / passedMs
    this.#speedAtMs = nowMs
    this.#speedFrom = this.#consumed
  }
}
