import { createHmac } from 'node:crypto'
import { createSharedAccessSignature, parseConnectionString } from '@postern/protocol'

/** A token of the rule in a connection string, for its entity unless `path` says otherwise. */
export function signToken(
  connectionString: string,
  options: { readonly path?: string; readonly expiresInSeconds?: number; readonly host?: string } = {},
): string {
  const { endpoint, keyName = '', key = '', entityPath = '' } = parseConnectionString(connectionString)
  return createSharedAccessSignature({
    resourceUri: `http://${options.host ?? endpoint.host}/${options.path ?? entityPath}`,
    keyName,
    key,
    expiresAtSeconds: Math.floor(Date.now() / 1000) + (options.expiresInSeconds ?? 3600),
    hmacSha256: (secret, message) => createHmac('sha256', secret).update(message).digest(),
  })
}
