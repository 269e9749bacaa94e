import { issuerOf } from '../token-issuer.ts'
import type { IdentityParts } from './identity-parts.ts'
import { type IdentityReply, type IdentityRequest, jsonReply } from './identity-request.ts'

/**
 * `.well-known/openid-configuration`, by the host that was asked: Microsoft's libraries refuse an issuer or an endpoint of
 * another one (observed). Tokens carry the issuer that is configured; the two are the same for who asks at that host.
 */
export async function openIdConfiguration(_parts: IdentityParts, request: IdentityRequest): Promise<IdentityReply> {
  const { origin, path } = request
  const [, tenant = '', version = ''] = path.split('/')
  const oauth2 = `${origin}/${tenant}/oauth2${version.toLowerCase() === 'v2.0' ? '/v2.0' : ''}`
  const keys = tenant.toLowerCase() === 'adfs' ? 'discovery/keys' : 'discovery/v2.0/keys'
  return jsonReply(200, {
    issuer: issuerOf(origin),
    authorization_endpoint: `${oauth2}/authorize`,
    token_endpoint: `${oauth2}/token`,
    device_authorization_endpoint: `${oauth2}/devicecode`,
    jwks_uri: `${origin}/${tenant}/${keys}`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic', 'private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256'],
    grant_types_supported: ['client_credentials', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types_supported: ['none'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    scopes_supported: ['openid', 'profile', 'offline_access'],
    claims_supported: ['iss', 'aud', 'sub', 'oid', 'tid', 'name', 'preferred_username', 'iat', 'nbf', 'exp'],
  })
}

/** The public keys. An old answer does no harm: who meets an unknown key id asks again. */
export async function keySet({ keys }: IdentityParts): Promise<IdentityReply> {
  return jsonReply(200, keys.jwks(), { 'Cache-Control': 'max-age=300' })
}

/**
 * `/common/discovery/instance`: tells Microsoft's libraries that the host which they were given is trusted. They ask it of
 * login.microsoftonline.com alone; where that name leads here, sign-in needs no setting in the client.
 */
export async function instanceDiscovery(
  { ownHosts }: IdentityParts,
  { origin, query }: IdentityRequest,
): Promise<IdentityReply> {
  const authority = query.get('authorization_endpoint') ?? origin
  const url = URL.canParse(authority) && authority.length <= 1024 ? new URL(authority) : undefined
  const isOurs = url !== undefined && (url.origin === new URL(origin).origin || ownHosts.has(url.hostname))
  if (!isOurs) {
    return jsonReply(400, {
      error: 'invalid_instance',
      error_description: 'AADSTS50049: Unknown or invalid instance.',
      error_codes: [50_049],
    })
  }
  const tenant = /^\/([\w.-]{1,128})(?:\/|$)/.exec(url.pathname)?.[1] ?? 'common'
  return jsonReply(200, {
    tenant_discovery_endpoint: `${url.origin}/${tenant}/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: url.host, preferred_cache: url.host, aliases: [url.host] }],
  })
}
