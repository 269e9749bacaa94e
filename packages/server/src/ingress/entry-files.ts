import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'

/** A file that an entry names and that cannot be used: its devices, or people, are refused. */
export interface FileFault {
  /** Where the entry names it. */
  readonly path: readonly ['clientCertificates'] | readonly ['oidc', 'clientSecretFile']
  /** What follows the key in a sentence: the file and the reason. */
  readonly message: string
}

/** The part of an entry that can name files. */
export interface FilesOfEntry {
  readonly clientCertificates?: string | undefined
  readonly oidc?: { readonly clientSecretFile?: string | undefined } | undefined
}

/** A secret is one line. */
const maxSecretBytes = 4096

/** Reads the files of an entry as they are now. */
export async function findFileFaults({ clientCertificates, oidc }: FilesOfEntry): Promise<readonly FileFault[]> {
  const faults: FileFault[] = []
  if (clientCertificates !== undefined) {
    const reason = await faultOf(clientCertificates, authorityFault)
    if (reason !== undefined) faults.push({ path: ['clientCertificates'], message: `${clientCertificates} ${reason}` })
  }
  const secret = oidc?.clientSecretFile
  if (secret !== undefined) {
    const reason = await faultOf(secret, secretFault)
    if (reason !== undefined) faults.push({ path: ['oidc', 'clientSecretFile'], message: `${secret} ${reason}` })
  }
  return faults
}

/** Why the text of a file is no client secret; undefined when it is one. */
export function secretFault(text: string): string | undefined {
  const secret = text.trim()
  if (secret === '') return 'is empty; it must hold the secret of the client in one line'
  return secret.length > maxSecretBytes || /[\r\n]/.test(secret)
    ? 'must hold the secret of the client in one line'
    : undefined
}

function authorityFault(text: string): string | undefined {
  if (!isCertificate(text)) return 'holds no certificate in PEM'
  try {
    createSecureContext({ ca: text })
    return undefined
  } catch (error) {
    return `cannot be used for TLS: ${(error as NodeJS.ErrnoException).code ?? 'OpenSSL refuses it'}`
  }
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0
  } catch {
    return false
  }
}

async function faultOf(file: string, check: (text: string) => string | undefined): Promise<string | undefined> {
  try {
    return check(await readFile(file, 'utf8'))
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    return `cannot be read: ${reasons[code] ?? message}`
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'the relay may not read it',
  EISDIR: 'it is a folder',
}
