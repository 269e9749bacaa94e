import { KeyObject, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import type * as X509 from '@peculiar/x509'
import type { CertificatePair } from './certificate-source.ts'

const dayMs = 86_400_000

/** A CA certificate that people put into trust stores by hand should not have to be put there again soon. */
const caLifetimeMs = 3652 * dayMs

/** The longest life that browsers accept of a server certificate. CA/Browser Forum, Ballot SC22 */
const leafLifetimeMs = 397 * dayMs

/** Certificates begin this much earlier, for clients whose clock is behind. */
const clockSkewMs = 3_600_000

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A leaf certificate and its end. */
export interface IssuedCertificate extends CertificatePair {
  readonly expiresAtMs: number
}

/** A private certification authority with one key for all leaf certificates of this process. */
export class DevelopmentCa {
  readonly certPem: string
  readonly expiresAtMs: number
  readonly #x509: typeof X509
  readonly #certificate: X509.X509Certificate
  readonly #caKey: webcrypto.CryptoKey
  readonly #leafKeys: webcrypto.CryptoKeyPair

  private constructor(parts: {
    readonly x509: typeof X509
    readonly certificate: X509.X509Certificate
    readonly caKey: webcrypto.CryptoKey
    readonly leafKeys: webcrypto.CryptoKeyPair
  }) {
    this.#x509 = parts.x509
    this.#certificate = parts.certificate
    this.#caKey = parts.caKey
    this.#leafKeys = parts.leafKeys
    this.certPem = toPem(parts.certificate)
    this.expiresAtMs = parts.certificate.notAfter.getTime()
  }

  /** Makes key and certificate of a new authority. `machine` tells several authorities in one trust store apart. */
  static async createPair(options: { readonly machine: string; readonly nowMs: number }): Promise<CertificatePair> {
    const x509 = await loadX509()
    const keys = await generateKeys()
    const commonName = `Postern development CA ${options.machine} ${randomBytes(4).toString('hex')}`
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        serialNumber: newSerialNumber(),
        name: [{ O: ['Postern'] }, { CN: [commonName.slice(0, 64)] }],
        notBefore: new Date(options.nowMs - clockSkewMs),
        notAfter: new Date(options.nowMs + caLifetimeMs),
        signingAlgorithm: algorithm,
        keys,
        extensions: [
          new x509.BasicConstraintsExtension(true, 0, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
          await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        ],
      },
      webcrypto,
    )
    return { certPem: toPem(certificate), keyPem: exportKey(keys.privateKey) }
  }

  /** @throws when the pair is not an authority's */
  static async open(pair: CertificatePair): Promise<DevelopmentCa> {
    const x509 = await loadX509()
    const certificate = new x509.X509Certificate(pair.certPem)
    if (certificate.getExtension(x509.BasicConstraintsExtension)?.ca !== true) {
      throw new Error('the certificate is not that of a certification authority')
    }
    const der = x509.PemConverter.decodeFirst(pair.keyPem)
    const caKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
    return new DevelopmentCa({ x509, certificate, caKey, leafKeys: await generateKeys() })
  }

  /** @param names host names and IP addresses, all of them become subject alternative names */
  async issue(names: readonly string[], nowMs: number): Promise<IssuedCertificate> {
    const x509 = this.#x509
    const { publicKey, privateKey } = this.#leafKeys
    const notAfter = new Date(Math.min(nowMs - clockSkewMs + leafLifetimeMs, this.expiresAtMs))
    const certificate = await x509.X509CertificateGenerator.create(
      {
        serialNumber: newSerialNumber(),
        subject: [{ O: ['Postern'] }, { CN: [names.find((name) => name.length <= 64) ?? 'relay'] }],
        issuer: this.#certificate.subjectName,
        notBefore: new Date(nowMs - clockSkewMs),
        notAfter,
        signingAlgorithm: algorithm,
        publicKey,
        signingKey: this.#caKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
          ),
          await x509.SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
          await x509.AuthorityKeyIdentifierExtension.create(this.#certificate, false, webcrypto),
        ],
      },
      webcrypto,
    )
    return { certPem: toPem(certificate), keyPem: exportKey(privateKey), expiresAtMs: notAfter.getTime() }
  }
}

/** Loaded when it is needed: production, with certificates from elsewhere, starts without its 100 ms. */
async function loadX509(): Promise<typeof X509> {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

function exportKey(key: webcrypto.CryptoKey): string {
  return String(KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }))
}

function toPem(certificate: X509.X509Certificate): string {
  return `${certificate.toString('pem').trimEnd()}\n`
}

/** Positive, of full length, and never used again by this name: Firefox refuses a repeated one. RFC 5280 section 4.1.2.2 */
function newSerialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}
