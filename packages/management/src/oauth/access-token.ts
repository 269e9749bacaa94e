import { ManagementError } from '../management-error.ts'

/** What a sign-in gives. */
export interface AccessToken {
  readonly accessToken: string
  readonly expiresAtMs: number
  /** For {@link refreshToken}; sign-ins of programs have none. */
  readonly refreshToken?: string
}

/** Reads the answer of a token endpoint (RFC 6749 section 5.1). @throws {ManagementError} ReplyInvalid */
export function readAccessToken(reply: Readonly<Record<string, unknown>>, nowMs: number = Date.now()): AccessToken {
  const { access_token: accessToken, expires_in: expiresIn, refresh_token: refreshToken } = reply
  // AD FS and older endpoints write the number as text.
  const seconds = Number(expiresIn ?? Number.NaN)
  if (typeof accessToken !== 'string' || accessToken === '' || !Number.isFinite(seconds)) {
    throw new ManagementError('ReplyInvalid', { message: 'The token endpoint answered without a token' })
  }
  return {
    accessToken,
    expiresAtMs: nowMs + seconds * 1000,
    ...(typeof refreshToken === 'string' && { refreshToken }),
  }
}
