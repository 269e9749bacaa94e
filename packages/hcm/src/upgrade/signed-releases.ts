import { createPublicKey, verify } from 'node:crypto'
import { RelayError } from '@postern/protocol'
import { compareVersions, isVersion } from './version-order.ts'

/** One file that a signed list names. */
export interface SignedRelease {
  readonly version: string
  readonly fileName: string
  /** 64 hexadecimal digits. */
  readonly sha256: string
}

/** What kind of file is wanted, for which system. */
export interface WantedRelease {
  readonly kind: 'archive' | 'package'
  /** `linux-x64` */
  readonly platform: string
}

const line = /^([0-9a-f]{64}) [ *]([A-Za-z0-9][A-Za-z0-9._+~-]{0,199})$/
const debianArchitectures: Readonly<Record<string, string>> = { 'linux-x64': 'amd64', 'linux-arm64': 'arm64' }

/**
 * Verifies a list of checksums and gives the releases of one kind in it, the newest first. Names that are not ours are skipped: the
 * version is in the name, and the name is signed with the checksum.
 *
 * @throws {RelayError} InvalidConfiguration when the signature is not that of the key.
 */
export function readSignedReleases(
  {
    sums,
    signature,
    publicKey,
  }: { readonly sums: Uint8Array; readonly signature: Uint8Array; readonly publicKey: string },
  wanted: WantedRelease,
): readonly SignedRelease[] {
  if (!isSignedBy(publicKey, sums, signature)) {
    throw new RelayError('InvalidConfiguration', {
      message:
        'The signature of SHA256SUMS is not that of the pinned key: the releases are not from whom this one is, or were changed on the way. Nothing was changed here',
    })
  }
  return Buffer.from(sums)
    .toString()
    .split('\n')
    .flatMap((text): SignedRelease[] => {
      const [, sha256 = '', fileName = ''] = line.exec(text) ?? []
      const version = versionOf(fileName, wanted)
      return version === undefined ? [] : [{ version, fileName, sha256 }]
    })
    .toSorted((a, b) => compareVersions(b.version, a.version))
}

function isSignedBy(publicKey: string, sums: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey(publicKey)
    return key.asymmetricKeyType === 'ed25519' && verify(null, sums, key, signature)
  } catch {
    return false
  }
}

function versionOf(fileName: string, { kind, platform }: WantedRelease): string | undefined {
  const [before, after] =
    kind === 'archive' ? ['postern-', `-${platform}.tar.gz`] : ['postern-hcm_', `_${debianArchitectures[platform]}.deb`]
  if (!fileName.startsWith(before) || !fileName.endsWith(after)) return undefined
  const version = fileName.slice(before.length, -after.length)
  return isVersion(version) ? version : undefined
}
