import { type SecurityToken, type TokenProvider, type TokenRequest, tokenProviderOf } from '@postern/client'
import type { Secret } from '@postern/program'
import { parseConnectionString } from '@postern/protocol'

/** Gives the tokens of the connection string that counts now: a key that was rotated is taken up by the next stream. */
export class CurrentTokens implements TokenProvider {
  #provider: TokenProvider

  /** @throws {RelayError} InvalidConnectionString */
  constructor(provider: TokenProvider) {
    this.#provider = provider
  }

  get keyName(): string {
    return this.#provider.keyName ?? ''
  }

  set(provider: TokenProvider): void {
    this.#provider = provider
  }

  getToken(request: TokenRequest): Promise<SecurityToken> {
    return this.#provider.getToken(request)
  }
}

/** The provider of a connection string; undefined when it holds no credential. */
export function tokensOf(connectionString: Secret): TokenProvider | undefined {
  return tokenProviderOf(parseConnectionString(connectionString.reveal()))
}
