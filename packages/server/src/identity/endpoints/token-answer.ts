import type { Secret } from '@postern/program'
import type { DirectoryPrincipal } from '../../domain/directory-principal.ts'
import { tenantId } from '../../domain/tenant.ts'
import type { IdentityParts } from './identity-parts.ts'
import type { IdentityRequest } from './identity-request.ts'
import type { RequestedResource } from './requested-resource.ts'

/** What a person has signed in for. */
export interface UserGrant {
  readonly principal: DirectoryPrincipal
  readonly resource: RequestedResource
  /** Of the program. */
  readonly clientId: string
  /** Absent when the program did not ask for one. */
  readonly refreshToken?: Secret
}

/**
 * The members of an answer to a program for which a person has signed in. MSAL asks for `client_info` and an id token, and
 * knows by them whose tokens it keeps; v1 endpoints always give them.
 */
export async function userTokenMembers(
  parts: Pick<IdentityParts, 'issuer'>,
  request: IdentityRequest,
  { principal, resource, clientId, refreshToken }: UserGrant,
): Promise<Readonly<Record<string, string | number>>> {
  const { audience, scope } = resource
  return {
    ...(await accessTokenMembers(parts, request, { principal, to: { audience, clientId } })),
    scope: scope === '' ? `${audience.replace(/\/+$/, '')}/.default` : scope,
    ...(refreshToken && { refresh_token: refreshToken.reveal() }),
    ...(wantsScope(request, scope, 'openid') && { id_token: await parts.issuer.idToken(principal, clientId) }),
    ...(request.form?.get('client_info') === '1' && { client_info: clientInfo(principal) }),
  }
}

/** Programs of v1 cannot say what they want: they get everything. */
export function wantsScope(request: IdentityRequest, scope: string, name: 'openid' | 'offline_access'): boolean {
  return !isV2Request(request) || scope.split(' ').includes(name)
}

/** Who it is and of which tenant, as MSAL reads it. */
function clientInfo({ id }: DirectoryPrincipal): string {
  return Buffer.from(JSON.stringify({ uid: id, utid: tenantId })).toString('base64url')
}

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
  if (isV2Request(request)) {
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

/** The v2 forms have their number in the path. */
export function isV2Request({ path }: Pick<IdentityRequest, 'path'>): boolean {
  return /\/v2\.0\/(?:token|devicecode)\/?$/i.test(path)
}
