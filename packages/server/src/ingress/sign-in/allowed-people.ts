import type { IngressOidc } from '../../domain/ingress-oidc.ts'

/** What an issuer says of a person. */
export type PersonClaims = Readonly<Record<string, unknown>> & { readonly sub: string }

/** A person in the form that goes into a session and to the target: printable ASCII. */
export interface Person {
  /** The issuer's own name of the person, which never changes. */
  readonly subject: string
  /** Only when it is verified, or the entry believes it all the same; lower case. */
  readonly email?: string
}

/** Longer ones are no names: OpenID Connect Core section 2, RFC 5321 section 4.5.3.1. */
const maxSubjectLength = 255
const maxEmailLength = 254

/** Reads who it is; undefined for a subject that cannot stand in a header. */
export function personOf(claims: PersonClaims, { trustUnverifiedEmail }: IngressOidc): Person | undefined {
  const { sub, email, email_verified: verified } = claims
  if (!isPrintable(sub, maxSubjectLength)) return undefined
  // Some issuers write it as text.
  const isVerified = verified === true || verified === 'true' || (verified === undefined && trustUnverifiedEmail)
  const isEmail = isPrintable(email, maxEmailLength) && /^[^@]+@[^@]+$/.test(email)
  return { subject: sub, ...(isVerified && isEmail && { email: email.toLowerCase() }) }
}

/** @returns why a person may not pass, for log and audit; undefined when they may */
export function whyNotAllowed(claims: PersonClaims, { email }: Person, oidc: IngressOidc): string | undefined {
  const { allowed, groupsClaim } = oidc
  if (allowed === 'anyone') return undefined
  const { emails, domains, groups, claims: wanted = {} } = allowed
  const names = Object.entries(wanted)
  // Object.entries of nothing is fulfilled by everybody.
  if (!emails && !domains && !groups && names.length === 0) return 'the entry lets nobody in'
  if (emails || domains) {
    if (email === undefined) return 'the issuer names no verified email address'
    const isListed = emails?.includes(email) === true || domains?.includes(email.slice(email.indexOf('@') + 1)) === true
    if (!isListed) return 'the email address is not among those that may pass'
  }
  if (groups && !hasOne(claims, groupsClaim, groups)) return `the claim ${groupsClaim} has none of the groups`
  const missing = names.find(([name, values]) => !hasOne(claims, name, values))
  return missing && `the claim ${missing[0]} has none of the values`
}

/** Claims that decide, and that an ID token may leave to the userinfo endpoint. OpenID Connect Core section 5.4 */
export function decidingClaims({ allowed, groupsClaim }: IngressOidc): readonly string[] {
  if (allowed === 'anyone') return ['email']
  return ['email', ...(allowed.groups ? [groupsClaim] : []), ...Object.keys(allowed.claims ?? {})]
}

function hasOne(claims: PersonClaims, name: string, values: readonly string[]): boolean {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  const listed: readonly unknown[] = Array.isArray(value) ? value : [value]
  return listed.some((each) => isPlain(each) && values.includes(String(each)))
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function isPrintable(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value.length <= maxLength && /^[!-~]+$/.test(value)
}
