import { type AccessToken, readAccessToken } from './access-token.ts'
import { Authority, type AuthorityOptions } from './authority.ts'

/**
 * Gets a new token for a sign-in that has been made before. Keep the refresh token that comes with it: the old one may be
 * good only once.
 * @throws {ManagementError} `invalid_grant` when the person has to sign in again
 */
export async function refreshAccessToken(
  options: AuthorityOptions & { readonly clientId: string; readonly refreshToken: string },
): Promise<AccessToken> {
  const authority = new Authority(options)
  const { clientId, refreshToken } = options
  const reply = await authority.post(await authority.find('token_endpoint'), {
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: refreshToken,
    scope: `${authority.scope} offline_access`,
  })
  return { refreshToken, ...readAccessToken(reply) }
}
