import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { RelayError } from '@postern/protocol'

/** What is kept of a certificate or public key that somebody signs in with. */
export interface CredentialKey {
  /** SPKI in PEM form. */
  readonly publicKey: string
  /** Base64url SHA-1 of the certificate, as assertions name it (`x5t`); absent for bare keys. */
  readonly thumbprint?: string
  /** End of the certificate; absent for bare keys. */
  readonly expiresAt?: Date
}

const maxPemLength = 16_384

/**
 * Reads a certificate or a bare public key in PEM form: RSA of 2048 to 8192 bits or EC P-256.
 * @throws {RelayError} RequestMalformed with what is wrong with it
 */
export function readCredentialKey(pem: string): CredentialKey {
  if (pem.length > maxPemLength) throw malformed('The key is too long.')
  if (/PRIVATE KEY/.test(pem)) throw malformed('This is a private key: it stays with its owner. Give the public part.')
  const certificate = pem.includes('BEGIN CERTIFICATE') ? parse(() => new X509Certificate(pem)) : undefined
  const key = certificate?.publicKey ?? parse(() => createPublicKey(pem))
  if (assertionAlgorithms(key).length === 0) throw malformed('The key must be RSA of 2048 to 8192 bits or EC P-256.')
  const publicKey = key.export({ type: 'spki', format: 'pem' }).toString()
  if (certificate === undefined) return { publicKey }
  return {
    publicKey,
    thumbprint: Buffer.from(certificate.fingerprint.replaceAll(':', ''), 'hex').toString('base64url'),
    expiresAt: certificate.validToDate,
  }
}

/** The algorithms in which assertions may be signed with this key; none when it is no key for that. */
export function assertionAlgorithms(key: KeyObject): readonly ('RS256' | 'PS256' | 'ES256')[] {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048 && modulusLength <= 8192) return ['RS256', 'PS256']
  return key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1' ? ['ES256'] : []
}

function parse<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new RelayError('RequestMalformed', {
      message: 'This is neither a certificate nor a public key in PEM form.',
      cause,
    })
  }
}

function malformed(message: string): RelayError {
  return new RelayError('RequestMalformed', { message })
}
