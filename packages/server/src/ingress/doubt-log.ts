import type { Logger } from '@postern/program'

export interface DoubtLogOptions {
  readonly log: Logger
  /** What is doubtful now: sentences, by `namespace/name` of the entry. */
  readonly find: () => Iterable<readonly [ingress: string, message: string]>
}

/** A change of many documents comes one by one: a hybrid connection may come after the entry that leads to it. */
const settledMs = 1000

/** Writes each doubt about an entry to the log, once for as long as it stands. */
export class DoubtLog {
  readonly #options: DoubtLogOptions
  #told: ReadonlySet<string> = new Set()
  #timer: NodeJS.Timeout | undefined

  constructor(options: DoubtLogOptions) {
    this.#options = options
  }

  tell(): void {
    clearTimeout(this.#timer)
    const { log, find } = this.#options
    const standing = new Set<string>()
    for (const [ingress, message] of find()) {
      const line = `${ingress} ${message}`
      standing.add(line)
      if (!this.#told.has(line)) log.warn('ingress.doubtful', { ingress, message })
    }
    this.#told = standing
  }

  /** Tells when no more changes have come for a while. */
  tellSoon(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.tell(), settledMs).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
