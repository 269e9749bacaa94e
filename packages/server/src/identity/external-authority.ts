import { isRelayError } from '@postern/protocol'
import type { Caller } from '../domain/caller.ts'
import type { OidcIssuer } from '../domain/oidc-issuer.ts'
import type { OidcKeys } from './oidc-keys.ts'
import type { TokenAudience, TokenAudiences } from './token-audiences.ts'
import {
  isTokenRefusal,
  type TokenAuthority,
  type TokenHeader,
  type TokenRefusal,
  type VerifiedToken,
} from './token-authority.ts'
import { audiencesOf, type JwtClaims, verifyJwt } from './verify-jwt.ts'

/** Public-key algorithms alone: with a shared secret whoever can verify could also sign. RFC 7518 section 3.1, RFC 8037 */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** A key that the issuer has withdrawn counts for this long at most. */
const rememberMs = 600_000
/** Groups of one token; more are passed over. */
const maxGroups = 1000
/** Longest subject, group or name. */
const maxTextLength = 256

export interface ExternalAuthorityOptions {
  readonly issuer: OidcIssuer
  readonly keys: Pick<OidcKeys, 'find'>
  readonly audiences: TokenAudiences
  readonly now?: () => number
}

/** An OpenID Connect provider as verifier. Who its principals are is its word alone: nothing of them is stored. */
export class ExternalAuthority implements TokenAuthority {
  readonly issuer: string
  readonly #config: OidcIssuer
  readonly #keys: Pick<OidcKeys, 'find'>
  readonly #planes: ReadonlyMap<string, readonly TokenAudience[]>
  readonly #now: () => number

  constructor({ issuer, keys, audiences, now = Date.now }: ExternalAuthorityOptions) {
    this.issuer = issuer.issuer
    this.#config = issuer
    this.#keys = keys
    this.#planes = new Map(issuer.audiences.map((audience) => [audience, planesOf(audience, audiences)]))
    this.#now = now
  }

  async verify(token: string, { kid }: TokenHeader): Promise<VerifiedToken | TokenRefusal> {
    const nowMs = this.#now()
    try {
      const verified = await verifyJwt(token, {
        key: (header, input) => this.#keys.find(header, input),
        algorithms,
        issuer: this.issuer,
        nowMs,
      })
      if (isTokenRefusal(verified)) return verified
      const caller = this.#callerOf(verified.claims)
      if (isTokenRefusal(caller)) return caller
      const audiences = this.#audiencesOf(verified.claims)
      return { caller, audiences, keyId: kid, rememberUntilMs: nowMs + rememberMs }
    } catch (error) {
      if (isRelayError(error, 'IssuerUnavailable')) return { code: error.code, reason: error.message }
      return { code: 'TokenMalformed', reason: 'it cannot be verified' }
    }
  }

  isStillGood(): boolean {
    return true
  }

  #audiencesOf(claims: JwtClaims): ReadonlySet<TokenAudience> {
    return new Set(audiencesOf(claims).flatMap((audience) => this.#planes.get(audience) ?? []))
  }

  #callerOf(claims: JwtClaims): Caller | TokenRefusal {
    const { name, claims: names } = this.#config
    const subject = claims[names.subject]
    if (!isName(subject)) return { code: 'TokenPrincipalInvalid', reason: `it has no fit claim ${names.subject}` }
    const groups = claims[names.groups]
    const listed: readonly unknown[] = Array.isArray(groups) ? groups.slice(0, maxGroups) : [groups]
    const id = `${name}:${subject}`
    const shown = claims[names.name]
    const clientId = claims['azp'] ?? claims['appid'] ?? claims['client_id']
    return {
      id,
      principalIds: [id, ...listed.filter(isName).map((group) => `${name}:${group}`)],
      name: isName(shown) ? `${name}:${shown}` : id,
      kind: 'external',
      ...(isName(clientId) && { clientId }),
      expiresAtMs: claims.exp * 1000,
    }
  }
}

/** An audience of our own names its plane; any other word was agreed with the issuer for this relay as a whole. */
function planesOf(audience: string, audiences: TokenAudiences): readonly TokenAudience[] {
  const plane = audiences.kindOf(audience)
  return plane === undefined ? ['management', 'data'] : [plane]
}

function isName(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length <= maxTextLength && /^[^\p{Cc}\s](?:[^\p{Cc}]*[^\p{Cc}\s])?$/u.test(value)
  )
}
