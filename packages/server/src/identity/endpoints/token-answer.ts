import type { DirectoryPrincipal } from '../../domain/directory-principal.ts'
import type { IdentityParts } from './identity-parts.ts'
import type { IdentityRequest } from './identity-request.ts'

/** The members of an answer that hands out an access token. v1 endpoints have some more, and numbers as texts (observed). */
export async function accessTokenMembers(
  { issuer }: Pick<IdentityParts, 'issuer'>,
  request: Pick<IdentityRequest, 'path'>,
  given: {
    readonly principal: DirectoryPrincipal
    readonly to: { readonly audience: string; readonly clientId: string }
  },
): Promise<Readonly<Record<string, string | number>>> {
  const { principal, to } = given
  const access_token = await issuer.accessToken(principal, to)
  const lifetimeS = Math.floor(issuer.tokenLifetimeMs / 1000)
  if (/\/v2\.0\/token\/?$/i.test(request.path)) {
    return { token_type: 'Bearer', expires_in: lifetimeS, ext_expires_in: lifetimeS, access_token }
  }
  const nowS = Math.floor(Date.now() / 1000)
  return {
    token_type: 'Bearer',
    expires_in: String(lifetimeS),
    ext_expires_in: String(lifetimeS),
    expires_on: String(nowS + lifetimeS),
    not_before: String(nowS),
    resource: to.audience,
    access_token,
  }
}
