import type { Secret } from '@postern/program'

/** A key that the built-in identity signs tokens with. Old ones stay until every token that they signed has run out. */
export interface SigningKey {
  readonly id: string
  readonly algorithm: 'ES256'
  /** Private JWK as JSON. */
  readonly privateJwk: Secret
  readonly createdAt: Date
  readonly updatedAt: Date
}
