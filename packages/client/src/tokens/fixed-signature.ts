import { parseSharedAccessSignature, RelayError } from '@postern/protocol'
import type { TokenProvider } from './token-provider.ts'

/**
 * Hands out one ready-made shared access signature, for programs that were given a token instead of a key. It cannot be
 * renewed: when it has expired the relay closes the listener and refuses it from then on.
 *
 * @throws {RelayError} InvalidConfiguration when the text is no shared access signature.
 * @example
 * const tokenProvider = createFixedTokenProvider('SharedAccessSignature sr=...&sig=...&se=...&skn=...')
 */
export function createFixedTokenProvider(signature: string): TokenProvider {
  const parsed = parseSharedAccessSignature(signature)
  if (!parsed) {
    throw new RelayError('InvalidConfiguration', {
      message:
        'The shared access signature cannot be read; it must look like "SharedAccessSignature sr=...&sig=...&se=...&skn=..."',
    })
  }
  const token = { text: signature, expiresAtMs: parsed.expiresAtSeconds * 1000 }
  return { keyName: parsed.keyName, getToken: () => Promise.resolve(token) }
}
