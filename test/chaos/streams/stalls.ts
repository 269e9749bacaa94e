import { EventEmitter, once } from 'node:events'

/** A time without progress; ms since 1970. */
export interface Stall {
  readonly fromMs: number
  readonly toMs: number
}

/** Shorter ones are what a busy machine does all the time. */
const noticeableMs = 250

/** Longer than a stream waits for another carrier. */
const patienceMs = 90_000

/** The times in which nothing moved in one stream, although something was due. */
export class Stalls {
  readonly list: Stall[] = []
  #lastMs = 0
  readonly #moves = new EventEmitter<{ moved: [] }>()

  /** Something has come. */
  noteProgress(): void {
    const now = Date.now()
    if (this.#lastMs > 0 && now - this.#lastMs >= noticeableMs) this.list.push({ fromMs: this.#lastMs, toMs: now })
    this.#lastMs = now
    this.#moves.emit('moved')
  }

  /** Resolves when something has come after this moment. */
  async untilMoved(momentMs: number): Promise<void> {
    const signal = AbortSignal.timeout(patienceMs)
    while (this.#lastMs <= momentMs) await once(this.#moves, 'moved', { signal })
  }

  get longestMs(): number {
    return Math.max(0, ...this.list.map(({ fromMs, toMs }) => toMs - fromMs))
  }

  /** For how long after this moment nothing came, ms. */
  after(momentMs: number): number {
    const standing = this.list.find(({ fromMs, toMs }) => fromMs <= momentMs && toMs > momentMs)
    return standing ? standing.toMs - momentMs : 0
  }
}
