/** Mean of the first delay is half of this: soon enough for one listener, spread enough for thousands. */
const firstDelayMs = 500

/** Longest delay while the relay cannot be reached: "back within 5 s of the cure" leaves 1 s for the handshake. */
const maxDelayMs = 4_000

/** Longest delay while the relay says that the hybrid connection does not exist: it rarely appears by itself. */
const maxDelayWhenMissingMs = 15_000

/** No attempt follows another faster than this, whatever the dice say. */
const minDelayMs = 50

/** A relay that asks for more patience than this is not obeyed: it may have meant seconds and sent something else. */
const maxRetryAfterMs = 60_000

/** How the last attempt ended. */
export interface FailedAttempt {
  /** The relay was reached and has refused us for a reason that does not pass by itself: key, rule, entity. */
  readonly isRefused?: boolean
  /** It said that the entity does not exist. */
  readonly isMissing?: boolean
  /** What its `Retry-After` asked for, in ms. */
  readonly retryAfterMs?: number
  /** How long it took to fail, in ms. */
  readonly tookMs?: number
}

/**
 * Says how long to wait before the next attempt: full jitter (any value up to a limit that doubles), so that listeners
 * which were cut at the same moment do not come back at the same moment. Time that went by until an attempt had failed is
 * part of the delay: where packets vanish, attempts begin as often as where they are refused. `Retry-After` is waited for
 * first, the jitter comes on top of it.
 */
export class ReconnectDelay {
  readonly #random: () => number
  #failures = 0

  /** @param random a number in [0, 1). Default `Math.random`. */
  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** Failed attempts since the last success. */
  get failures(): number {
    return this.#failures
  }

  /** Counts a failure and returns the delay in ms until the next attempt. */
  next({ isRefused = false, isMissing = false, retryAfterMs = 0, tookMs = 0 }: FailedAttempt = {}): number {
    const limitMs = Math.min(isMissing ? maxDelayWhenMissingMs : maxDelayMs, firstDelayMs * 2 ** this.#failures)
    this.#failures += 1
    // Nobody waits for the next refusal: half of the limit is certain.
    const dice = this.#random()
    const jitterMs = isRefused ? limitMs / 2 + (dice * limitMs) / 2 : dice * limitMs
    // Those whose attempts failed at the same moment still part.
    const leftMs = retryAfterMs > 0 || isRefused ? jitterMs : Math.max(dice * firstDelayMs, jitterMs - tookMs)
    return Math.max(minDelayMs, Math.min(retryAfterMs, maxRetryAfterMs) + leftMs)
  }

  /** The relay was reached and kept us: the next failure is a first one. */
  reset(): void {
    this.#failures = 0
  }
}
