import type { ConnectionString } from '@postern/protocol'
import { createFixedTokenProvider } from './fixed-signature.ts'
import { createKeyTokenProvider } from './shared-access-key.ts'
import type { TokenProvider } from './token-provider.ts'

/**
 * Chooses the token provider that a connection string describes: its signature, or its key name and key; undefined when
 * it has neither (a sender to an entity that does not ask for authorization).
 *
 * @throws {RelayError} InvalidConfiguration when the signature cannot be read.
 */
export function tokenProviderOf(connectionString: ConnectionString): TokenProvider | undefined {
  const { signature, keyName, key } = connectionString
  if (signature !== undefined) return createFixedTokenProvider(signature)
  if (keyName !== undefined && key !== undefined) return createKeyTokenProvider({ keyName, key })
  return undefined
}
