import { clientCredentialsGrant } from './client-credentials-grant.ts'
import { deviceCodeGrant } from './device-code-grant.ts'
import type { IdentityParts } from './identity-parts.ts'
import type { IdentityReply, IdentityRequest } from './identity-request.ts'
import { oauthError } from './oauth-error.ts'
import { refreshTokenGrant } from './refresh-token-grant.ts'
import { correlationIdOf } from './sign-in-error.ts'

type Grant = (parts: IdentityParts, request: IdentityRequest, form: URLSearchParams) => Promise<IdentityReply>

const grants: ReadonlyMap<string, Grant> = new Map([
  ['client_credentials', clientCredentialsGrant],
  ['urn:ietf:params:oauth:grant-type:device_code', deviceCodeGrant],
  ['device_code', deviceCodeGrant],
  ['refresh_token', refreshTokenGrant],
])

/** `POST /{tenant}/oauth2/v2.0/token` and its older forms. Parameters that nobody knows are passed over. */
export async function tokenEndpoint(parts: IdentityParts, request: IdentityRequest): Promise<IdentityReply> {
  const { form } = request
  const correlationId = correlationIdOf(request)
  if (form === undefined) return oauthError('requestMalformed', { correlationId, detail: 'A form is needed.' })
  const name = form.get('grant_type')
  if (name === null) return oauthError('parameterMissing', { correlationId, detail: 'grant_type.' })
  const grant = grants.get(name)
  return grant ? await grant(parts, request, form) : oauthError('grantUnknown', { correlationId })
}
