/** Somebody whom the built-in identity knows. `app` is the identity of an app, `hcm` that of a Hybrid Connection Manager. */
export interface DirectoryPrincipal {
  /** Object id, a GUID: what role assignments name. */
  readonly id: string
  /** GUID that a service principal signs in with; the object id for people. */
  readonly clientId: string
  readonly kind: 'servicePrincipal' | 'user' | 'app' | 'hcm'
  readonly displayName: string
  /** Name that a person types, such as `admin`; compared in lower case. */
  readonly signInName?: string
  readonly credentials: readonly PrincipalCredential[]
  readonly isEnabled: boolean
  readonly createdAt: Date
  readonly updatedAt: Date
}

export type PrincipalCredential = PasswordCredential | KeyCredential

/** A client secret or a person's password. Only a hash is kept. */
export interface PasswordCredential {
  readonly kind: 'password'
  readonly id: string
  readonly displayName: string
  /** `sha256$salt$hash` for secrets that we made (256 random bits), `scrypt$...` for what a person chose. */
  readonly hash: string
  readonly createdAt: Date
  readonly expiresAt?: Date
}

/** The public part of a certificate or key: client assertions are signed with the private part, which we never see. */
export interface KeyCredential {
  readonly kind: 'key'
  readonly id: string
  readonly displayName: string
  /** Public key in PEM form (SPKI). */
  readonly publicKey: string
  /** Base64url SHA-1 of the certificate, as assertions name it (`x5t`); absent for bare keys. */
  readonly thumbprint?: string
  readonly createdAt: Date
  readonly expiresAt?: Date
}
