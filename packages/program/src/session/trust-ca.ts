import { readFile } from 'node:fs/promises'
import * as tls from 'node:tls'
import { RelayError } from '@postern/protocol'

/**
 * Makes this process trust a certificate authority besides those that it trusts already: `fetch` has no option for it.
 * @throws {RelayError} InvalidConfiguration
 */
export async function trustCa(file: string): Promise<void> {
  const pem = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw invalid(`The file of the certificate authority cannot be read: ${(cause as Error).message}`, cause)
  })
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw invalid(`${file} has no PEM certificate in it`)
  // Node.js 24.5 was the first to have it.
  if (!('setDefaultCACertificates' in tls))
    throw invalid(`This Node.js is too old for it: set NODE_EXTRA_CA_CERTS=${file}`)
  try {
    tls.setDefaultCACertificates([...tls.getCACertificates('default'), pem])
  } catch (cause) {
    throw invalid(`${file}: ${(cause as Error).message}`, cause)
  }
}

function invalid(message: string, cause?: unknown): RelayError {
  return new RelayError('InvalidConfiguration', { message, cause })
}
