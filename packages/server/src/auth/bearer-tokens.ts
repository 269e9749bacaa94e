import type { ErrorCode } from '@postern/protocol'
import type { Caller } from '../domain/caller.ts'

/** Who verifies bearer tokens; identity/token-verifier.ts does. */
export interface BearerTokens {
  verify(token: string, audience: 'data'): Promise<Caller | { readonly code: ErrorCode; readonly reason: string }>
  /** Without waiting, for a token that was verified before and is still good. */
  verifyCached(token: string, audience: 'data'): Caller | undefined
}

/**
 * The bearer token in a credential, undefined when it is something else. Official clients send the token alone, others put
 * `Bearer` before it (observed).
 */
export function bearerTokenOf(credential: string): string | undefined {
  const token = credential.replace(/^Bearer +/i, '')
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token) ? token : undefined
}
