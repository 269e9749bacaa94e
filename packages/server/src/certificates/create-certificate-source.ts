import type { Logger } from '@postern/program'
import { CertificateFiles, type CertificateFilePair } from './certificate-files.ts'
import type { CertificateSource } from './certificate-source.ts'
import { DevelopmentAuthority } from './development-authority.ts'
import type { TlsMinimum } from './server-context.ts'

export interface CertificateSourceSettings {
  readonly tls: { readonly minVersion: TlsMinimum; readonly certificates: readonly CertificateFilePair[] }
  readonly dataDir: string
  readonly inMemory: boolean
  readonly publicHost: string
  readonly log: Logger
}

/** Chooses where certificates come from: files when there are any, else the development CA. */
export function createCertificateSource(settings: CertificateSourceSettings): CertificateSource {
  const { tls, dataDir, inMemory, publicHost, log } = settings
  const { minVersion, certificates } = tls
  if (certificates.length > 0) return new CertificateFiles({ pairs: certificates, minVersion, logger: log })
  return new DevelopmentAuthority({ ...(inMemory ? {} : { dataDir }), publicHost, minVersion, logger: log })
}
