import { Secret } from '@postern/program'
import type { IdentityParts } from './identity-parts.ts'
import { type IdentityReply, type IdentityRequest, jsonReply } from './identity-request.ts'
import { oauthError } from './oauth-error.ts'
import { requestedResource } from './requested-resource.ts'
import { correlationIdOf } from './sign-in-error.ts'
import { userTokenMembers } from './token-answer.ts'

/** The grant by which a program keeps a person signed in. Any resource of this relay may be asked for. */
export async function refreshTokenGrant(
  parts: IdentityParts,
  request: IdentityRequest,
  form: URLSearchParams,
): Promise<IdentityReply> {
  const correlationId = correlationIdOf(request)
  const token = form.get('refresh_token')
  const clientId = form.get('client_id')
  if (token === null) return oauthError('parameterMissing', { correlationId, detail: 'refresh_token.' })
  if (clientId === null) return oauthError('parameterMissing', { correlationId, detail: 'client_id.' })
  // Before the token is spent.
  const resource = requestedResource(form, { audiences: parts.audiences, origin: request.origin })
  if (typeof resource === 'string') return oauthError(resource, { correlationId })
  const result = await parts.sessions.refresh(new Secret(token), clientId)
  const event = { grant: 'refresh_token', address: request.address }
  if (typeof result === 'string') {
    parts.onSignIn({ ...event, name: clientId, result: 'failed', reason: result })
    return oauthError(result === 'unknown' ? 'refreshUnknown' : 'refreshEnded', { correlationId })
  }
  const { principal, next } = result
  const who = { name: principal.signInName ?? '', principalId: principal.id }
  parts.onSignIn({ ...event, ...who, result: 'succeeded', reason: 'the session goes on' })
  const grant = { principal, resource, clientId, refreshToken: next }
  return jsonReply(200, await userTokenMembers(parts, request, grant))
}
