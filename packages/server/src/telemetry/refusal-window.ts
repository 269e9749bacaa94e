import type { ErrorCode } from '@postern/protocol'
import { networkOf } from '../domain/network-of.ts'

/** Lines are counted for this long, then anew. */
const windowMs = 10_000
/** Lines about one network in a window: a loop of one client must not fill the disk (100 a window are 4 KiB a second). */
const maxLinesPerNetwork = 100
/** Lines in a window, whoever causes them. */
const maxLines = 1000

/** The refusals of a window that got no line. */
export interface LeftOutRefusals {
  readonly count: number
  readonly codes: Readonly<Record<string, number>>
  readonly seconds: number
  /** The network that most of them came from, if any had a line of its own before. */
  readonly mostFrom: string | undefined
}

/** Says which refusals get a line of their own, and sums up the others when a window ends. */
export class RefusalWindow {
  readonly #onLeftOut: (leftOut: LeftOutRefusals) => void
  readonly #lines = new Map<string, number>()
  readonly #leftOut = new Map<ErrorCode, number>()
  readonly #leftOutOf = new Map<string, number>()
  #total = 0
  #endsAtMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(onLeftOut: (leftOut: LeftOutRefusals) => void) {
    this.#onLeftOut = onLeftOut
  }

  /** @returns false when this one is left out */
  take(address: string, code: ErrorCode): boolean {
    if (Date.now() >= this.#endsAtMs) this.#end()
    const network = networkOf(address)
    const lines = this.#lines.get(network) ?? 0
    if (lines < maxLinesPerNetwork && this.#total < maxLines) {
      this.#lines.set(network, lines + 1)
      this.#total += 1
      return true
    }
    this.#leftOut.set(code, (this.#leftOut.get(code) ?? 0) + 1)
    // Networks without a line of their own are not told apart: there may be any number of them.
    if (lines > 0) this.#leftOutOf.set(network, (this.#leftOutOf.get(network) ?? 0) + 1)
    this.#timer ??= setTimeout(() => this.#end(), this.#endsAtMs - Date.now()).unref()
    return false
  }

  /** Tells what was left out, for the end of the process. */
  close(): void {
    this.#end()
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#leftOut.size > 0) {
      const count = [...this.#leftOut.values()].reduce((sum, each) => sum + each, 0)
      const [mostFrom] = [...this.#leftOutOf].toSorted(([, a], [, b]) => b - a)
      const codes = Object.fromEntries(this.#leftOut)
      this.#onLeftOut({ count, codes, seconds: windowMs / 1000, mostFrom: mostFrom?.[0] })
    }
    this.#lines.clear()
    this.#leftOut.clear()
    this.#leftOutOf.clear()
    this.#total = 0
    this.#endsAtMs = Date.now() + windowMs
  }
}
