import type { SignInResult } from '../sign-in.ts'
import type { IdentityReply, IdentityRequest } from './identity-request.ts'
import { type OAuthErrorName, oauthError } from './oauth-error.ts'

/** Says why nobody was signed in, in the words of OAuth. */
export function signInError(
  { problem, retryAfterMs }: Extract<SignInResult, { readonly problem: unknown }>,
  { wrong, correlationId }: { readonly wrong: OAuthErrorName; readonly correlationId: string | undefined },
): IdentityReply {
  const names = { credentials: wrong, expired: 'credentialExpired', disabled: 'clientDisabled' } as const
  if (problem === 'throttled' || problem === 'busy') {
    const retryAfterS = Math.ceil((retryAfterMs ?? 1000) / 1000)
    return oauthError(problem, { correlationId, headers: { 'Retry-After': String(retryAfterS) } })
  }
  return oauthError(names[problem], { correlationId })
}

/** The id that the client gave its request, when it is one; errors repeat it. */
export function correlationIdOf({ headers }: Pick<IdentityRequest, 'headers'>): string | undefined {
  const id = headers['client-request-id']
  return typeof id === 'string' && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id) ? id : undefined
}
