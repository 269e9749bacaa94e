import { Secret } from '@postern/program'
import type { SignInResult } from '../sign-in.ts'
import type { IdentityParts } from './identity-parts.ts'
import { type IdentityReply, type IdentityRequest, jsonReply } from './identity-request.ts'
import { type OAuthErrorName, oauthError } from './oauth-error.ts'
import { requestedResource } from './requested-resource.ts'
import { correlationIdOf, signInError } from './sign-in-error.ts'
import { accessTokenMembers } from './token-answer.ts'

/** The grant of programs: client id with a secret (form or Basic) or with an assertion signed by a registered key. */
export async function clientCredentialsGrant(
  parts: IdentityParts,
  request: IdentityRequest,
  form: URLSearchParams,
): Promise<IdentityReply> {
  const correlationId = correlationIdOf(request)
  const client = readClient(request, form)
  if ('error' in client) return oauthError(client.error, { correlationId, detail: client.detail })
  const resource = requestedResource(form, { audiences: parts.audiences, origin: request.origin })
  if (typeof resource === 'string') return oauthError(resource, { correlationId })
  const result = await signIn(parts, request, client)
  const event = { grant: 'client_credentials', name: client.name, address: request.address }
  if ('problem' in result) {
    parts.onSignIn({ ...event, result: 'failed', reason: result.problem })
    return signInError(result, { wrong: 'assertion' in client ? 'wrongAssertion' : 'wrongSecret', correlationId })
  }
  const { principal, credentialId } = result
  const reason = `credential ${credentialId}`
  parts.onSignIn({ ...event, principalId: principal.id, result: 'succeeded', reason })
  const to = { audience: resource.audience, clientId: principal.clientId }
  return jsonReply(200, await accessTokenMembers(parts, request, { principal, to }))
}

type Client =
  | { readonly name: string; readonly secret: Secret }
  | { readonly name: string; readonly assertion: string; readonly clientId?: string }

type ClientError = { readonly error: OAuthErrorName; readonly detail: string }

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

function readClient(request: IdentityRequest, form: URLSearchParams): Client | ClientError {
  const clientId = form.get('client_id') ?? undefined
  const assertion = form.get('client_assertion')
  if (assertion !== null) {
    if (form.get('client_assertion_type') !== assertionType) {
      return { error: 'requestMalformed', detail: `client_assertion_type must be ${assertionType}.` }
    }
    return { name: clientId ?? '', assertion, ...(clientId !== undefined && { clientId }) }
  }
  const basic = readBasic(request)
  if (basic) return basic
  if (clientId === undefined) return { error: 'parameterMissing', detail: 'client_id.' }
  const secret = form.get('client_secret')
  if (secret === null) return { error: 'parameterMissing', detail: 'client_secret or client_assertion.' }
  return { name: clientId, secret: new Secret(secret) }
}

/** RFC 6749 section 2.3.1: both parts are form-encoded within the Basic credentials. */
function readBasic({ headers }: IdentityRequest): Client | undefined {
  const header = headers['authorization']
  const encoded = typeof header === 'string' ? /^Basic +([\w+/=-]{1,4096})$/i.exec(header)?.[1] : undefined
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return undefined
  return { name: decode(text.slice(0, colon)), secret: new Secret(decode(text.slice(colon + 1))) }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

async function signIn(parts: IdentityParts, request: IdentityRequest, client: Client): Promise<SignInResult> {
  const { address, origin } = request
  if ('secret' in client) return parts.signIn.bySecret({ ...client, address })
  const isOurs = (audience: string): boolean => parts.ownHosts.isTokenEndpoint(audience, origin)
  const { assertion, clientId } = client
  return await parts.assertions.verify({ assertion, address, isOurs, ...(clientId !== undefined && { clientId }) })
}
