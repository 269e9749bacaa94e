import { RelayError } from '@postern/protocol'
import type { SecurityToken, TokenProvider } from '../tokens/token-provider.ts'

/** Longest delay that a Node timer takes. */
const maxTimerMs = 2_147_483_647

/** After a provider failed: often enough for the rest of a token's life, too rarely to hurt anybody. */
const retryMs = 30_000

/** No renewal comes sooner after another, whatever a provider says about its tokens. */
const minIntervalMs = 1_000

/** Settings of {@link TokenRenewal}. */
export interface TokenRenewalOptions {
  readonly provider: TokenProvider
  readonly audience: string
  /** The token that the control channel was opened with. */
  readonly current: SecurityToken
  /** Sends a new token over the control channel. */
  readonly onToken: (token: SecurityToken) => void
  /** The provider could not give a token; it is asked again in 30 s. */
  readonly onError: (error: RelayError) => void
}

/** Asks for the next token when the current one wants a successor, as long as one control channel lives. */
export class TokenRenewal {
  readonly #options: TokenRenewalOptions
  readonly #stopped = new AbortController()
  #timer: NodeJS.Timeout | undefined

  constructor(options: TokenRenewalOptions) {
    this.#options = options
    this.#schedule(options.current)
  }

  /** Ends it; a token that is on its way is dropped. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#stopped.abort()
  }

  /** Asks now. */
  renew(): void {
    clearTimeout(this.#timer)
    void this.#renew()
  }

  #schedule(token: SecurityToken): void {
    if (token.renewAtMs !== undefined) this.#renewIn(Math.max(minIntervalMs, token.renewAtMs - Date.now()))
  }

  #renewIn(delayMs: number): void {
    if (delayMs > maxTimerMs) {
      this.#timer = setTimeout(() => this.#renewIn(delayMs - maxTimerMs), maxTimerMs)
    } else {
      this.#timer = setTimeout(() => void this.#renew(), delayMs)
    }
    this.#timer.unref()
  }

  async #renew(): Promise<void> {
    const { provider, audience, onToken, onError } = this.#options
    const { signal } = this.#stopped
    try {
      const token = await provider.getToken({ audience, signal })
      if (signal.aborted) return
      this.#schedule(token)
      onToken(token)
    } catch (cause) {
      if (signal.aborted) return
      this.#renewIn(retryMs)
      onError(
        cause instanceof RelayError
          ? cause
          : new RelayError('TokenMissing', { message: 'No new token could be had', cause }),
      )
    }
  }
}
