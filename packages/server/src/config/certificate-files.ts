/** A certificate chain and its key on disk, both PEM. */
export interface CertificateFiles {
  /** Host it is for, lower case, `*.domain` for all of a domain; absent for the default certificate. */
  readonly host?: string
  readonly certFile: string
  readonly keyFile: string
}

/** Reads `CERT,KEY` or `HOST=CERT,KEY`; `undefined` when it is neither. */
export function parseCertificateFiles(text: string): CertificateFiles | undefined {
  const match = /^(?:((?:\*\.)?[\w.-]+)=)?([^,]+),([^,]+)$/.exec(text)
  if (match === null) return undefined
  const [, host, certFile = '', keyFile = ''] = match
  const files = { certFile: certFile.trim(), keyFile: keyFile.trim() }
  return host === undefined ? files : { host: host.toLowerCase(), ...files }
}
