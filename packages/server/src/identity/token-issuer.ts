import { randomUUID } from 'node:crypto'
import { type JWTPayload, SignJWT } from 'jose'
import type { DirectoryPrincipal } from '../domain/directory-principal.ts'
import { tenantId } from '../domain/tenant.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface TokenIssuerOptions {
  readonly keys: SigningKeys
  /** `iss` of every token: see `issuerOf`. */
  readonly issuer: () => string
  readonly tokenLifetimeMs: number
  readonly now?: () => number
}

/** The `iss` of the built-in issuer: what OpenID Connect discovery finds `/.well-known/openid-configuration` under. */
export function issuerOf(origin: string): string {
  return `${origin}/${tenantId}/v2.0`
}

/** Signs tokens of the built-in identity, with the claims that Microsoft Entra's have. */
export class TokenIssuer {
  readonly #options: TokenIssuerOptions
  readonly #now: () => number

  constructor(options: TokenIssuerOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  get tokenLifetimeMs(): number {
    return this.#options.tokenLifetimeMs
  }

  /** @param to `audience`: `aud`, the resource as the client spelt it; `clientId`: of the program that asked */
  accessToken(
    principal: DirectoryPrincipal,
    to: { readonly audience: string; readonly clientId: string },
  ): Promise<string> {
    const isApp = principal.kind !== 'user'
    return this.#sign({
      aud: to.audience,
      ...whoIs(principal),
      appid: to.clientId,
      azp: to.clientId,
      idtyp: isApp ? 'app' : 'user',
      ...(!isApp && { scp: 'user_impersonation' }),
      jti: randomUUID(),
    })
  }

  /** Tells the client who signed in; its audience is the client, so that it opens nothing. */
  idToken(principal: DirectoryPrincipal, clientId: string): Promise<string> {
    return this.#sign({ aud: clientId, ...whoIs(principal) })
  }

  #sign(claims: JWTPayload): Promise<string> {
    const { keys, issuer, tokenLifetimeMs } = this.#options
    const { id, privateKey } = keys.current
    const nowS = Math.floor(this.#now() / 1000)
    const times = { iat: nowS, nbf: nowS, exp: nowS + Math.floor(tokenLifetimeMs / 1000) }
    return new SignJWT({ iss: issuer(), ...claims, ...times, tid: tenantId, ver: '2.0' })
      .setProtectedHeader({ typ: 'JWT', alg: 'ES256', kid: id })
      .sign(privateKey)
  }
}

function whoIs({ id, displayName, signInName }: DirectoryPrincipal): JWTPayload {
  return {
    sub: id,
    oid: id,
    name: displayName,
    ...(signInName !== undefined && { upn: signInName, unique_name: signInName, preferred_username: signInName }),
  }
}
