import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import tls from 'node:tls'
import { RelayError } from '@postern/protocol'

/**
 * Makes every TLS connection of this program trust the authorities that Node brings, those of the system (where companies put
 * theirs; also `SSL_CERT_FILE` and `SSL_CERT_DIR`), those of `NODE_EXTRA_CA_CERTS`, and those in the files. To be called once,
 * before the first connection: it costs some 0.3 s where the system has many.
 *
 * @throws {RelayError} InvalidConfiguration when a file cannot be read or holds no certificate.
 */
export async function trustAuthorities(files: readonly string[]): Promise<void> {
  const own = await Promise.all(files.map(readAuthorities))
  const all = [...tls.getCACertificates('default'), ...tls.getCACertificates('system'), ...own.flat()]
  // Not by name: Node 22, where a connector may live in somebody's program, could not even load this file.
  tls.setDefaultCACertificates([...new Set(all)])
}

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

async function readAuthorities(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw invalid(`--tls-ca ${file} cannot be read: ${cause.message}`, cause)
  })
  const found = text.match(certificatePattern) ?? []
  if (found.length === 0) throw invalid(`--tls-ca ${file} holds no certificate in PEM form`)
  // One that Node cannot read would fail every connection later, without the name of the file.
  for (const pem of found) check(pem, file)
  return found
}

function check(pem: string, file: string): void {
  try {
    void new X509Certificate(pem)
  } catch (cause) {
    throw invalid(`--tls-ca ${file} holds a certificate that cannot be read: ${(cause as Error).message}`, cause)
  }
}

function invalid(message: string, cause?: unknown): RelayError {
  return new RelayError('InvalidConfiguration', { message, cause })
}
