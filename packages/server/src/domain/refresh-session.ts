/** A sign-in of a person at a program, kept up by refresh tokens that are exchanged for new ones at each use. */
export interface RefreshSession {
  /** GUID. */
  readonly id: string
  readonly principalId: string
  /** Of the program: the tokens are good for no other. */
  readonly clientId: string
  /** Of the newest refresh token: `sha256$salt$hash`. */
  readonly secretHash: string
  /** Of the one before, which counts for a moment longer: its answer may have been lost. */
  readonly previousHash?: string
  /** What the principal signed in with then; with any change of its credentials the session ends. */
  readonly credentialsStamp: string
  /** Unless it is used before. */
  readonly expiresAt: Date
  /** However often it is used. */
  readonly endsAt: Date
  readonly createdAt: Date
  /** When the newest token was made. */
  readonly updatedAt: Date
}
