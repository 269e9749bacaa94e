import type { ErrorCode } from '@postern/protocol'
import type { JWSHeaderParameters } from 'jose'
import type { Caller } from '../domain/caller.ts'
import type { TokenAudience } from './token-audiences.ts'

/** Why a token was not accepted; `reason` is for the log, never for the caller. */
export interface TokenRefusal {
  readonly code: ErrorCode
  readonly reason: string
}

/** A token whose signature, issuer and times are good. */
export interface VerifiedToken {
  readonly caller: Caller
  /** What it may be used for; empty when it was made for somebody else. */
  readonly audiences: ReadonlySet<TokenAudience>
  /** The key that signed it. */
  readonly keyId: string
  /** Verified anew after this time, however long it is good. */
  readonly rememberUntilMs?: number
}

/** A header whose algorithm and key id are there; nothing has been checked yet. */
export type TokenHeader = JWSHeaderParameters & { readonly alg: string; readonly kid: string }

/** Somebody whose tokens are accepted. */
export interface TokenAuthority {
  /** `iss`, compared as it stands. */
  readonly issuer: string
  verify(token: string, header: TokenHeader): Promise<VerifiedToken | TokenRefusal>
  /** Whether a token that was verified before would still be, its time aside. Must not wait. */
  isStillGood(verified: VerifiedToken): boolean
}

export function isTokenRefusal(result: object): result is TokenRefusal {
  return 'code' in result
}
