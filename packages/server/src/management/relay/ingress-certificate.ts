import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { IngressCertificate } from '../../domain/ingress-entry.ts'

/**
 * A certificate with its key, as OpenSSL will take it.
 * @param standing whose key is kept when none is given
 * @throws {RelayError} RequestContentInvalid, never with anything of the key
 */
export function checkedCertificate(
  { certPem, keyPem }: { readonly certPem: string; readonly keyPem?: string | undefined },
  standing: IngressCertificate | undefined,
): IngressCertificate {
  const leaf = firstCertificate('certificate.certPem', certPem)
  const key = keyPem === undefined ? standing?.keyPem : new Secret(keyPem)
  if (!key) throw invalid('certificate.keyPem is missing; write the private key of the certificate in PEM')
  if (!leaf.checkPrivateKey(privateKey(key))) {
    throw invalid('certificate.keyPem is not the key of the first certificate in certPem')
  }
  demandContext('certificate', { cert: certPem, key: key.reveal() })
  return { certPem, keyPem: key }
}

/** @throws {RelayError} RequestContentInvalid */
export function checkedAuthority(pem: string): string {
  firstCertificate('clientAuthorityPem', pem)
  demandContext('clientAuthorityPem', { ca: pem })
  return pem
}

function firstCertificate(member: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw invalid(`${member} is no certificate in PEM`)
  }
}

function privateKey(key: Secret): KeyObject {
  try {
    return createPrivateKey(key.reveal())
  } catch {
    throw invalid('certificate.keyPem is no private key in PEM, or has a passphrase')
  }
}

/** What OpenSSL does not take would refuse every device later: keys that are too short, chains that are cut off. */
function demandContext(member: string, pems: Parameters<typeof createSecureContext>[0]): void {
  try {
    createSecureContext(pems)
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'OpenSSL refuses it'
    throw invalid(`${member} cannot be used for TLS: ${reason}`)
  }
}

function invalid(message: string): RelayError {
  return new RelayError('RequestContentInvalid', { message })
}
