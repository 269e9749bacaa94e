import type { Logger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { AcmeCertificates } from './acme-certificates.ts'
import type { AcmeChallengeType } from './acme-order.ts'
import { type CertificateFilePair, CertificateFiles } from './certificate-files.ts'
import type { CertificateSource } from './certificate-source.ts'
import { DevelopmentAuthority } from './development-authority.ts'
import type { TlsMinimum } from './server-context.ts'

export interface CertificateSourceSettings {
  readonly tls: {
    readonly minVersion: TlsMinimum
    readonly certificates: readonly CertificateFilePair[]
    readonly acme?: {
      readonly directoryUrl: string
      readonly email?: string
      readonly hosts: readonly string[]
      readonly challenge: AcmeChallengeType
    }
  }
  readonly dataDir: string
  readonly inMemory: boolean
  readonly publicHost: string
  readonly log: Logger
}

/**
 * Chooses where certificates come from: ACME or files when they are set, else the development CA.
 * @throws {RelayError} InvalidConfiguration when both are set
 */
export function createCertificateSource(settings: CertificateSourceSettings): CertificateSource {
  const { tls, dataDir, inMemory, publicHost, log } = settings
  const { minVersion, certificates, acme } = tls
  if (acme !== undefined && certificates.length > 0) {
    throw new RelayError('InvalidConfiguration', {
      message: 'Certificates come from files or from ACME, not from both: leave out certificates or acmeHosts',
    })
  }
  if (acme !== undefined) {
    const { challenge, ...account } = acme
    const http = challenge === 'http-01' ? { httpPort: 80 } : {}
    return new AcmeCertificates({ ...account, ...http, challengeType: challenge, dataDir, minVersion, logger: log })
  }
  if (certificates.length > 0) return new CertificateFiles({ pairs: certificates, minVersion, logger: log })
  return new DevelopmentAuthority({ ...(inMemory ? {} : { dataDir }), publicHost, minVersion, logger: log })
}
