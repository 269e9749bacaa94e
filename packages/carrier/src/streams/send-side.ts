import type { CreditBudget } from './credit-budget.ts'
import { ReplayBuffer } from './replay-buffer.ts'

/** The direction of a stream that we send: what was written, sent, confirmed and granted. */
export class SendSide {
  readonly replay: ReplayBuffer
  /** Offset of the next byte to send on the present carrier; may go back when the stream moves. */
  next = 0
  /** Bytes below this offset may be sent. */
  limit = 0
  /** Nothing more is written. */
  isEnded = false
  /** FIN was sent on the present carrier. */
  isFinSent = false
  isFinConfirmed = false
  /** The highest offset that was ever sent, FIN included: no honest peer confirms more. */
  #sentMost = 0
  #endAtRest = 0
  #capacityBytes: number
  readonly #maxBytes: number
  readonly #firstBytes: number
  readonly #budget: CreditBudget

  constructor(options: { readonly firstBytes: number; readonly maxBytes: number; readonly budget: CreditBudget }) {
    this.replay = new ReplayBuffer(options.budget)
    this.#firstBytes = options.firstBytes
    this.#capacityBytes = options.firstBytes
    this.#maxBytes = options.maxBytes
    this.#budget = options.budget
  }

  /** Bytes that may leave now. */
  get sendableBytes(): number {
    return Math.max(0, Math.min(this.replay.end, this.limit) - this.next)
  }

  get isFinDue(): boolean {
    return this.isEnded && !this.isFinSent && this.next === this.replay.end
  }

  /** Something was sent that the peer has not confirmed. */
  get isConfirmationDue(): boolean {
    return this.next > this.replay.start || (this.isFinSent && !this.isFinConfirmed)
  }

  /** The buffer holds what it should: the writer waits. */
  get isFull(): boolean {
    return this.replay.bytes >= this.#capacityBytes
  }

  /** So much was read by the peer that the writer may go on. */
  get isRoomy(): boolean {
    return this.replay.bytes * 2 <= this.#capacityBytes
  }

  /** Copies the bytes. */
  write(bytes: Uint8Array): void {
    this.replay.append(bytes)
  }

  /** Notes that `bytes` from `next` on have left. */
  advance(bytes: number): void {
    this.next += bytes
    if (this.next > this.#sentMost) this.#sentMost = this.next
  }

  markFinSent(): void {
    this.isFinSent = true
    this.#sentMost = this.replay.end + 1
  }

  /**
   * Takes what the peer says of its position.
   *
   * @returns false when it cannot be: it confirms what was never sent
   */
  confirm(received: number, limit: number): boolean {
    if (received > this.#sentMost) return false
    if (limit > this.limit) this.limit = limit
    // Only for a peer that confirms: one that does not could fill the budget with what it never takes.
    if (received > this.replay.start) this.#grow(received)
    if (received > this.replay.end) this.isFinConfirmed = true
    if (received > this.replay.start) this.replay.forget(Math.min(received, this.replay.end))
    return true
  }

  /**
   * Begins again on another carrier where the peer is.
   *
   * @returns false when that is not possible without a gap
   */
  restart(received: number, limit: number): boolean {
    if (received < this.replay.start || !this.confirm(received, limit)) return false
    this.rewind(Math.min(received, this.replay.end))
    return true
  }

  /** The peer has all before `offset` from an earlier carrier: that need not be sent again. */
  skipTo(offset: number): void {
    this.next = Math.max(this.next, Math.min(offset, this.replay.end))
    if (this.isFinConfirmed) this.isFinSent = true
  }

  /** Everything from `offset` on is sent again. */
  rewind(offset: number): void {
    this.next = offset
    this.isFinSent = this.isFinConfirmed
  }

  dispose(): void {
    this.replay.dispose()
    this.#giveBack()
  }

  /** Called about once a second: what the buffer has grown by is for others where nothing waits and nothing was written since. */
  rest(): void {
    if (this.replay.bytes === 0 && this.replay.end === this.#endAtRest) this.#giveBack()
    this.#endAtRest = this.replay.end
  }

  #giveBack(): void {
    this.#budget.give(this.#capacityBytes - this.#firstBytes)
    this.#capacityBytes = this.#firstBytes
  }

  /** The writer has filled this buffer, and the peer would take more than it holds. */
  #grow(received: number): void {
    if (!this.isFull || this.limit - received <= this.#capacityBytes) return
    const more = Math.min(this.limit - received, this.#maxBytes) - this.#capacityBytes
    this.#capacityBytes += this.#budget.takeMost(more, this.#capacityBytes)
  }
}
