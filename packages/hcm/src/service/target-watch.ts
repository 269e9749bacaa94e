import type { TargetState } from './status.ts'

/** What {@link TargetWatch} works with. */
export interface TargetWatchOptions {
  /** Connects and hangs up; rejects when it cannot. */
  readonly probe: () => Promise<void>
  /** Something was noted. */
  readonly onChange?: () => void
  /** Default 5 s: with the bound of a probe, a death is seen within 10 s. */
  readonly intervalMs?: number
}

const defaultIntervalMs = 5_000

/** Knows whether a target answers, from the streams that reach it or do not, and from probes where none try. */
export class TargetWatch {
  readonly #options: TargetWatchOptions
  #state: TargetState = 'Unknown'
  #since = new Date()
  #error: unknown
  #heardAtMs = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #checking: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: TargetWatchOptions) {
    this.#options = options
  }

  get state(): TargetState {
    return this.#state
  }

  /** When it came into this state. */
  get since(): Date {
    return this.#since
  }

  /** Why it is not reachable. */
  get error(): unknown {
    return this.#error
  }

  /** Notes what became of a connection to the target; without an error it was reached. */
  note(error?: unknown): void {
    this.#heardAtMs = performance.now()
    this.#enter(error === undefined ? 'Reachable' : 'Unreachable', error)
  }

  /** Nobody may try any more. */
  forget(error?: unknown): void {
    this.#enter('Unknown', error)
  }

  /** Tries now, and again and again from now on. */
  check(): Promise<void> {
    clearTimeout(this.#timer)
    this.#checking = this.#options
      .probe()
      .catch(() => {})
      .then(() => this.#plan())
    return this.#checking
  }

  /** The last check, done or not. */
  get checking(): Promise<void> {
    return this.#checking
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #plan(): void {
    const { intervalMs = defaultIntervalMs } = this.#options
    clearTimeout(this.#timer)
    if (this.#isStopped) return
    this.#timer = setTimeout(
      () => {
        // Traffic says it as well, and a probe is a connection that the service must bear.
        const isKnown = this.#state === 'Reachable' && performance.now() - this.#heardAtMs < intervalMs / 2
        if (isKnown) this.#plan()
        else void this.check()
      },
      intervalMs * (0.9 + 0.1 * Math.random()),
    )
  }

  #enter(state: TargetState, error: unknown): void {
    this.#error = error
    if (state !== this.#state) {
      this.#state = state
      this.#since = new Date()
    }
    this.#options.onChange?.()
  }
}
