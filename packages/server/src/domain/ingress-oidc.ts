/** Who of those whom an issuer knows may pass. Everything that is named must fit; without any of it nobody does. */
export interface AllowedPeople {
  /** Addresses, lower case. One of these, or of `domains`. */
  readonly emails?: readonly string[]
  /** What stands behind the @, lower case. */
  readonly domains?: readonly string[]
  /** At least one of these, as the issuer spells them. */
  readonly groups?: readonly string[]
  /** Of each claim that is named, at least one of these values. */
  readonly claims?: Readonly<Record<string, readonly string[]>>
}

/** Sign-in by OpenID Connect before HTTP hosts. */
export interface IngressOidc {
  /** As it calls itself, to the letter; the discovery document is below it. */
  readonly issuer: string
  readonly clientId: string
  /** File with one line; a public client has none. */
  readonly clientSecretFile?: string
  /** How the secret goes to the issuer: in a header (OpenID Connect Core, section 9, default), or in the body. */
  readonly clientAuthentication: 'basic' | 'post'
  /** Asked for beside `openid`. */
  readonly scopes: readonly string[]
  /** `anyone`: everybody whom the issuer signs in. */
  readonly allowed: AllowedPeople | 'anyone'
  /** Claim that lists groups. */
  readonly groupsClaim: string
  /** Believes addresses of which the issuer does not say that it has verified them. */
  readonly trustUnverifiedEmail: boolean
  readonly sessionLifetimeMs: number
  /** The target learns who it is, by `X-Forwarded-User` and `X-Forwarded-Email`. */
  readonly tellTarget: boolean
  /** TLS does not end here: browsers come by https all the same. */
  readonly tlsEndsInFront: boolean
}

/** Settings of a sign-in that names none. */
export const defaultIngressOidc = {
  clientAuthentication: 'basic',
  scopes: ['email', 'profile'],
  groupsClaim: 'groups',
  trustUnverifiedEmail: false,
  /** A working day. */
  sessionLifetimeMs: 8 * 3_600_000,
  tellTarget: false,
  tlsEndsInFront: false,
} as const
