import { join } from 'node:path'
import { RelayError } from '@postern/protocol'
import type { CertificatePair } from './certificate-source.ts'
import { formatPemPair, readPemPair } from './pem-pair.ts'
import { createFile, readIfExists, replaceFile } from './private-files.ts'

/** Where the authority of a data folder is kept. */
export function developmentCaFiles(dataDir: string): { readonly keyFile: string; readonly caFile: string } {
  return {
    keyFile: join(dataDir, 'certificates', 'development-ca-key.pem'),
    caFile: join(dataDir, 'certificates', 'development-ca.pem'),
  }
}

/**
 * Reads the authority of a data folder. When there is none, `create` makes one; of several processes that start at once,
 * all take the one that was written first. Key and certificate share a file (mode 600), so that they cannot differ.
 * @throws {RelayError} InvalidConfiguration when the file holds something else: it is never overwritten, because clients
 * trust what it once held
 */
export async function readDevelopmentCa(
  dataDir: string,
  create: () => Promise<CertificatePair>,
): Promise<CertificatePair> {
  const { keyFile } = developmentCaFiles(dataDir)
  const existing = await readIfExists(keyFile)
  if (existing !== undefined) {
    return parse(existing, keyFile)
  }
  const created = await create()
  return (await createFile(keyFile, formatPemPair(created), 0o600))
    ? created
    : parse((await readIfExists(keyFile)) ?? '', keyFile)
}

/** Puts a new authority in the place of one that ended. */
export async function replaceDevelopmentCa(dataDir: string, pair: CertificatePair): Promise<void> {
  await replaceFile(developmentCaFiles(dataDir).keyFile, formatPemPair(pair), 0o600)
}

/** Writes the certificate alone, for clients to trust. */
export async function exportDevelopmentCa(dataDir: string, certPem: string): Promise<void> {
  const { caFile } = developmentCaFiles(dataDir)
  if ((await readIfExists(caFile)) !== certPem) {
    await replaceFile(caFile, certPem, 0o644)
  }
}

function parse(text: string, keyFile: string): CertificatePair {
  try {
    return readPemPair(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new RelayError('InvalidConfiguration', {
      message: `${keyFile} does not hold the development CA: ${reason}. Restore it, or delete it to get a new CA.`,
      cause,
    })
  }
}
