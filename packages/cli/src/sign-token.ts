import { createHmac } from 'node:crypto'
import { createSharedAccessSignature, parseConnectionString, RelayError } from '@postern/protocol'

export interface SignTokenOptions {
  /** Default: the EntityPath of the connection string, else the whole namespace. */
  readonly path?: string
  /** How long it is valid. */
  readonly ttlMs: number
}

export interface SignedToken {
  /** `SharedAccessSignature sr=...&sig=...&se=...&skn=...` */
  readonly token: string
  readonly keyName: string
  /** Without slashes at its ends; empty for the whole namespace. */
  readonly path: string
  readonly expiresAt: Date
}

/**
 * Makes a shared access signature with the key of a connection string.
 * @throws {RelayError} InvalidConnectionString also when it holds no key
 */
export function signToken(connectionString: string, options: SignTokenOptions): SignedToken {
  const { endpoint, entityPath, keyName, key } = parseConnectionString(connectionString)
  if (keyName === undefined || key === undefined) {
    throw new RelayError('InvalidConnectionString', {
      message: 'A token needs SharedAccessKeyName and SharedAccessKey in the connection string.',
    })
  }
  const path = (options.path ?? entityPath ?? '').replace(/^\/+|\/+$/g, '')
  const expiresAtSeconds = Math.floor((Date.now() + options.ttlMs) / 1000)
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
  const token = createSharedAccessSignature({
    resourceUri: `http://${host}/${path.split('/').map(encodeURIComponent).join('/')}`,
    keyName,
    key,
    expiresAtSeconds,
    hmacSha256,
  })
  return { token, keyName, path, expiresAt: new Date(expiresAtSeconds * 1000) }
}

/** HMAC-SHA256 of Node, in the form that `@postern/protocol` asks for. */
export function hmacSha256(key: string, message: string): Buffer {
  return createHmac('sha256', key).update(message).digest()
}
