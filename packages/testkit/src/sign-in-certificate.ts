import { KeyObject, webcrypto } from 'node:crypto'

/** A certificate that a program signs in with, and its private key, as PEM. */
export interface SignInCertificate {
  readonly certPem: string
  readonly keyPem: string
}

const hourMs = 3_600_000

/** Makes a self-signed RSA certificate, as `az ad sp create-for-rbac --create-cert` does: Microsoft's libraries take no other. */
export async function createSignInCertificate(name = 'CN=sign-in'): Promise<SignInCertificate> {
  await import('reflect-metadata')
  const { X509CertificateGenerator } = await import('@peculiar/x509')
  const signingAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(
    { ...signingAlgorithm, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
    true,
    ['sign', 'verify'],
  )
  const notBefore = new Date(Date.now() - hourMs)
  const notAfter = new Date(Date.now() + hourMs)
  const certificate = await X509CertificateGenerator.createSelfSigned(
    { name, notBefore, notAfter, signingAlgorithm, keys },
    webcrypto,
  )
  return {
    certPem: `${certificate.toString('pem').trimEnd()}\n`,
    keyPem: String(KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' })),
  }
}
