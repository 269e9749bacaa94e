import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { CertificatePair } from './certificate-source.ts'

/**
 * Reads a private key and a certificate chain, in any order, from PEM text.
 * @throws {Error} saying what is missing or does not fit
 */
export function readPemPair(text: string): CertificatePair {
  const blocks = text.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g) ?? []
  const certificates = blocks.filter((block) => block.startsWith('-----BEGIN CERTIFICATE-----'))
  const [key, ...otherKeys] = [...new Set(blocks)].filter((block) => /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(block))
  const [leaf] = certificates
  if (leaf === undefined) {
    throw new Error('there is no PEM certificate in it')
  }
  if (key === undefined || otherKeys.length > 0) {
    throw new Error(key === undefined ? 'there is no PEM private key in it' : 'there are several private keys in it')
  }
  if (!new X509Certificate(leaf).checkPrivateKey(createPrivateKey(key))) {
    throw new Error('the private key belongs to another certificate')
  }
  return { certPem: `${certificates.join('\n')}\n`, keyPem: `${key}\n` }
}

/** One text of both, for a file that changes as a whole. */
export function formatPemPair(pair: CertificatePair): string {
  return `${pair.keyPem.trimEnd()}\n${pair.certPem.trimEnd()}\n`
}
