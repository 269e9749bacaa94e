/** A credential for the relay, as text that goes into a header or a `renewToken` message. */
export interface SecurityToken {
  /** `SharedAccessSignature sr=...` or a bare JWT. */
  readonly text: string
  /** When the relay stops accepting it, in ms since 1970; undefined when nobody knows. */
  readonly expiresAtMs?: number
  /** When a successor should be asked for, in ms since 1970; undefined when there will never be one. */
  readonly renewAtMs?: number
}

/** What a token is wanted for. */
export interface TokenRequest {
  /** The resource it must cover, as a URL without query: `http://relay.example.test/db`. */
  readonly audience: string
  /** True after the relay has refused the last token: an answer from a cache would be refused again. */
  readonly fresh?: boolean
  readonly signal?: AbortSignal
}

/**
 * Gives out tokens for listeners and senders.
 *
 * Implement it for a credential of another kind (a JWT from an identity provider, a vault). `getToken` is called for
 * every connection, so an implementation that asks somebody else should keep what it was given.
 *
 * @example
 * const provider: TokenProvider = {
 *   async getToken({ audience }) {
 *     const jwt = await credential.getToken('https://relay.azure.net/.default')
 *     return { text: jwt.token, expiresAtMs: jwt.expiresOnTimestamp, renewAtMs: jwt.expiresOnTimestamp - 300_000 }
 *   },
 * }
 */
export interface TokenProvider {
  /** Name of the authorization rule, for error texts; undefined when the credential has none. */
  readonly keyName?: string
  /** @throws {RelayError} when no token can be had; the caller tries again later. */
  getToken(request: TokenRequest): Promise<SecurityToken>
}
