import type { Health } from '../telemetry/health.ts'

export interface RelayReachOptions {
  /** Rejects when the relay cannot be reached. */
  readonly reach: (signal: AbortSignal) => Promise<void>
  readonly health: Health
  /** From the end of one look to the next. Default 5 s. */
  readonly intervalMs?: number | undefined
}

const defaultIntervalMs = 5000

/** A relay that takes longer to accept a connection serves nobody. */
const timeoutMs = 5000

/** Looks again and again whether the relay is there, and says in `/readyz` when it is not. */
export class RelayReach {
  readonly #options: RelayReachOptions
  readonly #stopping = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #isAway = false

  constructor(options: RelayReachOptions) {
    this.#options = options
  }

  /** As it was found last. */
  get isAway(): boolean {
    return this.#isAway
  }

  /** Looks now, and from now on. */
  async look(): Promise<void> {
    const { reach, health, intervalMs = defaultIntervalMs } = this.#options
    const { signal } = this.#stopping
    try {
      await reach(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
      this.#isAway = false
      health.clear('relay')
    } catch (error) {
      if (signal.aborted) return
      this.#isAway = true
      const reason = error instanceof Error ? error.message : String(error)
      health.report('relay', `the relay cannot be reached: ${reason}`)
    }
    if (signal.aborted) return
    this.#timer = setTimeout(() => void this.look(), intervalMs).unref()
  }

  stop(): void {
    this.#stopping.abort()
    clearTimeout(this.#timer)
  }
}
