import { deviceCodeLifetimeMs, pollIntervalMs, spellUserCode } from '../device-codes.ts'
import type { IdentityParts } from './identity-parts.ts'
import { type IdentityReply, type IdentityRequest, jsonReply } from './identity-request.ts'
import { oauthError } from './oauth-error.ts'
import { requestedResource } from './requested-resource.ts'
import { correlationIdOf } from './sign-in-error.ts'
import { isV2Request, userTokenMembers, wantsScope } from './token-answer.ts'

/** Any program may ask: what it is called by itself, a GUID or a word. */
const clientIdPattern = /^[\w.-]{1,128}$/

/** `POST /{tenant}/oauth2/v2.0/devicecode` and its older form: a program wants a person to sign in. RFC 8628 section 3.2 */
export async function deviceCodeEndpoint(parts: IdentityParts, request: IdentityRequest): Promise<IdentityReply> {
  const { form, origin, address } = request
  const correlationId = correlationIdOf(request)
  const clientId = form?.get('client_id')
  if (!form || typeof clientId !== 'string')
    return oauthError('parameterMissing', { correlationId, detail: 'client_id.' })
  if (!clientIdPattern.test(clientId)) return oauthError('requestMalformed', { correlationId })
  const resource = requestedResource(form, { audiences: parts.audiences, origin })
  if (typeof resource === 'string') return oauthError(resource, { correlationId })
  const staysSignedIn = wantsScope(request, resource.scope, 'offline_access')
  const begun = parts.deviceCodes.begin({ clientId: clientId.toLowerCase(), address, staysSignedIn, ...resource })
  if (begun === undefined) return oauthError('busy', { correlationId, headers: { 'Retry-After': '60' } })
  const userCode = spellUserCode(begun.userCode)
  const page = `${origin}/device`
  const [expiresInS, intervalS] = [deviceCodeLifetimeMs / 1000, pollIntervalMs / 1000]
  const isV2 = isV2Request(request)
  return jsonReply(200, {
    user_code: userCode,
    device_code: begun.deviceCode,
    verification_uri: page,
    verification_uri_complete: `${page}?user_code=${userCode}`,
    ...(!isV2 && { verification_url: page }),
    expires_in: isV2 ? expiresInS : String(expiresInS),
    interval: isV2 ? intervalS : String(intervalS),
    message: `To sign in, use a web browser to open the page ${page} and enter the code ${userCode} to authenticate.`,
  })
}

/** The grant of programs that wait for a person at the device page. RFC 8628 section 3.4 */
export async function deviceCodeGrant(
  parts: IdentityParts,
  request: IdentityRequest,
  form: URLSearchParams,
): Promise<IdentityReply> {
  const correlationId = correlationIdOf(request)
  const deviceCode = form.get('device_code') ?? form.get('code')
  const clientId = form.get('client_id')
  if (deviceCode === null) return oauthError('parameterMissing', { correlationId, detail: 'device_code.' })
  if (clientId === null) return oauthError('parameterMissing', { correlationId, detail: 'client_id.' })
  const polled = parts.deviceCodes.poll(deviceCode, clientId)
  if (typeof polled === 'string') return oauthError(pollErrors[polled], { correlationId })
  const { request: asked, principalId, credentialId } = polled
  const principal = parts.directory.find(principalId)
  const event = { grant: 'device_code', name: principal?.signInName ?? '', principalId, address: request.address }
  // Between the page and this question a password may have been changed, because it was stolen.
  const isStanding = principal?.credentials.some(({ id }) => id === credentialId) === true
  if (!principal?.isEnabled || !isStanding) {
    parts.onSignIn({ ...event, result: 'failed', reason: isStanding ? 'disabled' : 'its credential is gone' })
    return oauthError('deviceCodeDeclined', { correlationId })
  }
  const by = { clientId, credentialId }
  const refreshToken = asked.staysSignedIn ? await parts.sessions.begin(principal, by) : undefined
  parts.onSignIn({ ...event, result: 'succeeded', reason: `credential ${credentialId}, for client ${asked.clientId}` })
  const grant = { principal, resource: asked, clientId, ...(refreshToken && { refreshToken }) }
  return jsonReply(200, await userTokenMembers(parts, request, grant))
}

const pollErrors = {
  pending: 'authorizationPending',
  slowDown: 'slowDown',
  expired: 'deviceCodeExpired',
  declined: 'deviceCodeDeclined',
  unknown: 'deviceCodeUnknown',
} as const
