import { hash } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { Caller } from '../domain/caller.ts'
import { BoundedMap } from './bounded-map.ts'
import type { TokenAudience } from './token-audiences.ts'
import {
  isTokenRefusal,
  type TokenAuthority,
  type TokenHeader,
  type TokenRefusal,
  type VerifiedToken,
} from './token-authority.ts'

/** Longest token that is looked at. Tokens that name a few hundred groups have about 10 KiB. */
export const maxTokenLength = 16_384
/** Verified tokens remembered at once, about 1 KiB each; the one used longest ago is forgotten first. */
const maxRemembered = 10_000

interface RememberedToken {
  readonly verified: VerifiedToken
  readonly authority: TokenAuthority
}

/**
 * Verifies bearer tokens of the built-in issuer and of the external ones that were configured. A token that was verified
 * before costs one hash, for as long as it is good.
 */
export class TokenVerifier {
  readonly #authorities: readonly TokenAuthority[]
  readonly #now: () => number
  readonly #remembered = new BoundedMap<RememberedToken>(maxRemembered)

  constructor(options: { readonly authorities: readonly TokenAuthority[]; readonly now?: () => number }) {
    this.#authorities = options.authorities
    this.#now = options.now ?? Date.now
  }

  /**
   * Says who holds a token, or why it is refused: `TokenMalformed`, `TokenIssuerUnknown`, `TokenSignatureInvalid`,
   * `TokenExpired`, `TokenNotYetValid`, `TokenPrincipalInvalid`, `TokenAudienceInvalid`, or `IssuerUnavailable` when an
   * external issuer does not answer. Never throws.
   * @param token the JWT alone, without `Bearer`
   * @param audience a token for the other plane is refused
   */
  async verify(token: string, audience: TokenAudience): Promise<Caller | TokenRefusal> {
    if (!looksLikeJwt(token)) return { code: 'TokenMalformed', reason: 'it is no JWT, or too long' }
    const id = hashOf(token)
    const verified = this.#recall(id) ?? (await this.#verifyNew(token, id))
    if (isTokenRefusal(verified)) return verified
    if (verified.audiences.has(audience)) return verified.caller
    return { code: 'TokenAudienceInvalid', reason: `it was not made for the ${audience} plane` }
  }

  /** The same for a token that was verified before, without waiting; undefined when `verify` has to be asked. */
  verifyCached(token: string, audience: TokenAudience): Caller | undefined {
    if (token.length > maxTokenLength) return undefined
    const verified = this.#recall(hashOf(token))
    return verified?.audiences.has(audience) ? verified.caller : undefined
  }

  #recall(id: string): VerifiedToken | undefined {
    const remembered = this.#remembered.get(id)
    if (remembered === undefined) return undefined
    const { verified, authority } = remembered
    const endMs = Math.min(verified.caller.expiresAtMs, verified.rememberUntilMs ?? Number.POSITIVE_INFINITY)
    if (endMs <= this.#now() || !authority.isStillGood(verified)) {
      this.#remembered.delete(id)
      return undefined
    }
    this.#remembered.set(id, remembered)
    return verified
  }

  async #verifyNew(token: string, id: string): Promise<VerifiedToken | TokenRefusal> {
    const read = readHeader(token)
    if (isTokenRefusal(read)) return read
    const issuer = readIssuer(token)
    const authority = this.#authorities.find((known) => known.issuer === issuer)
    if (authority === undefined) return { code: 'TokenIssuerUnknown', reason: 'nobody trusts its issuer' }
    const result = await authority.verify(token, read.header)
    if (!isTokenRefusal(result)) this.#remembered.set(id, { verified: result, authority })
    return result
  }
}

/** Whether a text may be a bearer token rather than a shared access signature. */
export function looksLikeJwt(token: string): boolean {
  return token.length <= maxTokenLength && /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)
}

/** Not the token itself is kept. */
function hashOf(token: string): string {
  return hash('sha256', token, 'base64')
}

function readHeader(token: string): { readonly header: TokenHeader } | TokenRefusal {
  try {
    const { alg, kid, ...rest } = decodeProtectedHeader(token)
    if (typeof alg !== 'string' || typeof kid !== 'string' || kid === '' || kid.length > maxKeyIdLength) {
      return { code: 'TokenMalformed', reason: 'its header names no algorithm or no key' }
    }
    return { header: { ...rest, alg, kid } }
  } catch {
    return { code: 'TokenMalformed', reason: 'its header cannot be read' }
  }
}

const maxKeyIdLength = 256

function readIssuer(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token)
    return typeof iss === 'string' ? iss : undefined
  } catch {
    return undefined
  }
}
