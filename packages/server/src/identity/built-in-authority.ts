import { errors } from 'jose'
import type { Caller } from '../domain/caller.ts'
import type { DirectoryPrincipal } from '../domain/directory-principal.ts'
import type { Directory } from './directory.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { TokenAudience, TokenAudiences } from './token-audiences.ts'
import {
  isTokenRefusal,
  type TokenAuthority,
  type TokenHeader,
  type TokenRefusal,
  type VerifiedToken,
} from './token-authority.ts'
import { audiencesOf, type JwtClaims, verifyJwt } from './verify-jwt.ts'

export interface BuiltInAuthorityOptions {
  readonly issuer: () => string
  readonly keys: SigningKeys
  readonly directory: Directory
  readonly audiences: TokenAudiences
  readonly now?: () => number
}

/** The built-in issuer as verifier: its tokens count only as long as their principal is there and enabled. */
export class BuiltInAuthority implements TokenAuthority {
  readonly #issuer: () => string
  readonly #keys: SigningKeys
  readonly #directory: Directory
  readonly #audiences: TokenAudiences
  readonly #now: () => number

  constructor({ issuer, keys, directory, audiences, now = Date.now }: BuiltInAuthorityOptions) {
    this.#issuer = issuer
    this.#keys = keys
    this.#directory = directory
    this.#audiences = audiences
    this.#now = now
  }

  get issuer(): string {
    return this.#issuer()
  }

  async verify(token: string, { kid }: TokenHeader): Promise<VerifiedToken | TokenRefusal> {
    const verified = await verifyJwt(token, {
      key: () => {
        const key = this.#keys.find(kid)
        if (key === undefined) throw new errors.JWKSNoMatchingKey()
        return key
      },
      algorithms: ['ES256'],
      issuer: this.issuer,
      nowMs: this.#now(),
    })
    if (isTokenRefusal(verified)) return verified
    const { claims } = verified
    const principal = this.#directory.find(typeof claims['oid'] === 'string' ? claims['oid'] : '')
    if (!principal?.isEnabled) return { code: 'TokenPrincipalInvalid', reason: 'its principal is deleted or disabled' }
    return { caller: callerOf(principal, claims), audiences: this.#audiencesOf(claims), keyId: kid }
  }

  isStillGood({ caller, keyId }: VerifiedToken): boolean {
    return this.#directory.find(caller.id)?.isEnabled === true && this.#keys.find(keyId) !== undefined
  }

  #audiencesOf(claims: JwtClaims): ReadonlySet<TokenAudience> {
    const kinds = audiencesOf(claims).map((resource) => this.#audiences.kindOf(resource))
    return new Set(kinds.filter((kind) => kind !== undefined))
  }
}

function callerOf(principal: DirectoryPrincipal, claims: JwtClaims): Caller {
  const { id, kind, signInName, displayName } = principal
  const clientId = claims['azp']
  return {
    id,
    principalIds: [id],
    name: `${kind}:${signInName ?? displayName}`,
    kind,
    ...(typeof clientId === 'string' && { clientId }),
    expiresAtMs: claims.exp * 1000,
  }
}
