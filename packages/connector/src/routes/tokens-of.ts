import { type TokenProvider, tokenProviderOf } from '@postern/client'
import type { Secret } from '@postern/program'
import { parseConnectionString } from '@postern/protocol'

/** The provider of a connection string; undefined when it holds no credential. @throws {RelayError} InvalidConnectionString */
export function tokensOf(connectionString: Secret): TokenProvider | undefined {
  return tokenProviderOf(parseConnectionString(connectionString.reveal()))
}
