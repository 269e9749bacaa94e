import type { ErrorCode } from '@postern/protocol'
import type { Decision, Principal } from '../auth/decision.ts'
import { TokenExpiry } from '../listeners/token-expiry.ts'

/** What let a streaming sender or subscriber in. */
export interface Admitted {
  readonly principal: Principal
  /** Epoch milliseconds; Infinity without a token. */
  readonly expiresAtMs: number
  readonly tokenGraceMs: number
  /** Decides again after something changed. */
  readonly reauthorize: () => Decision
}

/** Holds what admitted a connection, and closes it when that does not hold any more. */
export class Admittance {
  readonly principal: Principal
  readonly #admitted: Admitted
  readonly #close: (code: number, reason: string, refused: ErrorCode) => void
  readonly #expiry: TokenExpiry

  constructor(admitted: Admitted, close: (code: number, reason: string, refused: ErrorCode) => void) {
    this.#admitted = admitted
    this.principal = admitted.principal
    this.#close = close
    this.#expiry = new TokenExpiry(() => close(1008, 'The token has expired.', 'TokenExpiredOnChannel'))
    this.#expiry.watch(admitted.expiresAtMs + admitted.tokenGraceMs)
  }

  /** After rules, keys or roles changed. */
  revalidate(): void {
    if (this.#admitted.reauthorize().allowed) return
    this.#close(1008, 'The key, rule or role that admitted this connection has changed.', 'AuthorizationRevoked')
  }

  stop(): void {
    this.#expiry.stop()
  }
}
