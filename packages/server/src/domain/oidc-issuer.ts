/** An OpenID Connect provider whose tokens are accepted beside those of the built-in identity. */
export interface OidcIssuer {
  /** Stands before its principals and groups in role assignments: `corp:7c0c...`. Lower case. */
  readonly name: string
  /** `iss` of its tokens, to the letter. */
  readonly issuer: string
  /** `aud` of tokens that are meant for this relay; at least one. */
  readonly audiences: readonly string[]
  /** Claims that say who it is, in which groups, and what people call it. */
  readonly claims: { readonly subject: string; readonly groups: string; readonly name: string }
}
