import type { SecurityToken, TokenProvider, TokenRequest } from './token-provider.ts'

/** Gives the tokens of the credential that counts now: a key that was rotated is taken up by whatever asks next. */
export class CurrentTokens implements TokenProvider {
  #provider: TokenProvider

  constructor(provider: TokenProvider) {
    this.#provider = provider
  }

  get keyName(): string {
    return this.#provider.keyName ?? ''
  }

  /** Counts from now on. */
  set(provider: TokenProvider): void {
    this.#provider = provider
  }

  getToken(request: TokenRequest): Promise<SecurityToken> {
    return this.#provider.getToken(request)
  }
}
