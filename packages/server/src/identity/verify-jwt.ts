import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { TokenRefusal } from './token-authority.ts'

/** Claims of a token whose signature and times are good. */
export interface JwtClaims extends JWTPayload {
  readonly exp: number
}

export interface JwtRules {
  /** Gives the key; throwing `JWKSNoMatchingKey` says that there is none. */
  readonly key: JWTVerifyGetKey
  /** The only ones that are accepted: neither `none` nor a symmetric one may be among them. */
  readonly algorithms: readonly string[]
  readonly issuer: string
  readonly nowMs: number
}

/** How far ahead the clock of whoever signed may be. The end of a token is taken as it stands. */
const skewS = 60

/** Verifies signature, issuer and times of a JWT. Errors of other kinds (network) are thrown. */
export async function verifyJwt(
  token: string,
  rules: JwtRules,
): Promise<{ readonly claims: JwtClaims } | TokenRefusal> {
  const { key, algorithms, issuer, nowMs } = rules
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [...algorithms],
      issuer,
      requiredClaims: ['exp'],
      clockTolerance: skewS,
      currentDate: new Date(nowMs),
    })
    const { exp = 0 } = payload
    if (exp * 1000 <= nowMs) return { code: 'TokenExpired', reason: `expired at ${timeText(exp)}` }
    return { claims: { ...payload, exp } }
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === undefined) throw error
    return refusal
  }
}

/** `aud` as a list, whatever a signer has put there. */
export function audiencesOf({ aud }: { readonly aud?: unknown }): readonly string[] {
  const listed: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  return listed.filter((audience) => typeof audience === 'string')
}

function refusalOf(error: unknown): TokenRefusal | undefined {
  if (error instanceof errors.JWTExpired) return { code: 'TokenExpired', reason: error.message }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const isEarly = error.claim === 'nbf' && error.reason === 'check_failed'
    return { code: isEarly ? 'TokenNotYetValid' : 'TokenMalformed', reason: error.message }
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return { code: 'TokenSignatureInvalid', reason: 'the signature does not fit' }
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return { code: 'TokenSignatureInvalid', reason: 'the issuer has no such key' }
  }
  const isToken =
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof TypeError
  return isToken ? { code: 'TokenMalformed', reason: error.message } : undefined
}

function timeText(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString()
}
