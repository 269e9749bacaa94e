import { KeyObject, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate for a server and its private key, as PEM. */
export interface ServerCertificate {
  readonly cert: string
  readonly key: string
}

/** What a {@link TestAuthority} is asked for. */
export interface CertificateWish {
  /** Names and addresses in it. */
  readonly hosts: readonly string[]
  /** From when and until when, in ms from now. Default an hour each way. */
  readonly fromMs?: number
  readonly untilMs?: number
}

/** A private certificate authority that issues whatever a test wants, also what no client may accept. */
export interface TestAuthority {
  readonly name: string
  readonly certPem: string
  issue(wish: CertificateWish): Promise<ServerCertificate>
}

const hourMs = 3_600_000
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** Makes an authority with a name of its own. */
export async function createTestAuthority(name: string): Promise<TestAuthority> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const caKeys = await newKeys()
  const issuer = `CN=${name}`
  const authority = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: issuer,
      notBefore: new Date(Date.now() - 1000 * hourMs),
      notAfter: new Date(Date.now() + 1000 * hourMs),
      signingAlgorithm: algorithm,
      keys: caKeys,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    },
    webcrypto,
  )
  return {
    name,
    certPem: toPem(authority),
    issue: async ({ hosts, fromMs = -hourMs, untilMs = hourMs }) => {
      const keys = await newKeys()
      const certificate = await x509.X509CertificateGenerator.create(
        {
          serialNumber: randomBytes(8).toString('hex').replace(/^./, '1'),
          subject: `CN=${hosts[0] ?? 'nobody'}`,
          issuer,
          notBefore: new Date(Date.now() + fromMs),
          notAfter: new Date(Date.now() + untilMs),
          signingAlgorithm: algorithm,
          publicKey: keys.publicKey,
          signingKey: caKeys.privateKey,
          extensions: [
            new x509.SubjectAlternativeNameExtension(
              hosts.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
            ),
          ],
        },
        webcrypto,
      )
      const key = String(KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }))
      return { cert: toPem(certificate), key }
    },
  }
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

function toPem(certificate: { toString(format: 'pem'): string }): string {
  return `${certificate.toString('pem').trimEnd()}\n`
}
