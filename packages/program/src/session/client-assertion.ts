import { createHash, createPrivateKey, type KeyObject, randomUUID, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { RelayError } from '@postern/protocol'

/** Long enough for a clock that is wrong by some minutes. */
const lifetimeSeconds = 600

/**
 * Makes the assertion with which a program signs in by its key (RFC 7523).
 * @param file PEM with the private key; a certificate in it tells the relay which of several keys it is
 * @throws {RelayError} InvalidConfiguration
 */
export async function clientAssertion(file: string, clientId: string): Promise<(audience: string) => Promise<string>> {
  const pem = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw invalid(`The certificate file cannot be read: ${(cause as Error).message}`, cause)
  })
  const key = readKey(pem, file)
  const algorithm = key.asymmetricKeyType === 'ec' ? 'ES256' : 'PS256'
  const thumbprint = certificateThumbprint(pem)
  return async (audience) => {
    const { SignJWT } = await import('jose')
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({ jti: randomUUID() })
      .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(thumbprint !== undefined && { x5t: thumbprint }) })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(audience)
      .setNotBefore(now - lifetimeSeconds / 2)
      .setExpirationTime(now + lifetimeSeconds)
      .sign(key)
  }
}

function readKey(pem: string, file: string): KeyObject {
  try {
    const key = createPrivateKey(pem)
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
    if (type === 'rsa' || (type === 'ec' && details?.namedCurve === 'prime256v1')) return key
  } catch (cause) {
    throw invalid(`${file} has no private key in PEM without a passphrase`, cause)
  }
  throw invalid(`${file}: only keys of RSA and of the curve P-256 can sign in`)
}

function certificateThumbprint(pem: string): string | undefined {
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) return undefined
  return createHash('sha1').update(new X509Certificate(pem).raw).digest('base64url')
}

function invalid(message: string, cause?: unknown): RelayError {
  return new RelayError('InvalidConfiguration', { message, cause })
}
