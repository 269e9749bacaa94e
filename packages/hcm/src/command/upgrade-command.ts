import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { applyNetworkFlags, parseDuration } from '@postern/program'
import { isRelayError, RelayError } from '@postern/protocol'
import { applyUpgrade, type ServiceOutcome } from '../upgrade/apply-upgrade.ts'
import { chooseRelease } from '../upgrade/choose-release.ts'
import { findInstallation, type Installation } from '../upgrade/installation.ts'
import { InstalledVersions } from '../upgrade/installed-versions.ts'
import { openReleaseSource, type ReleaseSource } from '../upgrade/release-source.ts'
import { readSignedReleases, type SignedRelease } from '../upgrade/signed-releases.ts'
import { type AskFlags, clientOf, print } from './ask-service.ts'

/** Flags of `hcm upgrade`. */
export interface UpgradeFlags extends AskFlags {
  readonly check?: true
  readonly from?: string
  readonly to?: string
  readonly allowDowngrade?: true
  readonly publicKey?: string
  readonly timeout: string
  readonly proxy?: string
  readonly tlsCa?: readonly string[]
}

/** Where a package that was verified waits for dpkg. */
const packageCache = '/var/cache/postern-hcm'

/** Looks for a newer version, and installs it. @throws {RelayError} */
export async function upgradeCommand(action: string | undefined, flags: UpgradeFlags): Promise<void> {
  if (action !== undefined && (action !== 'apply' || flags.check)) {
    throw new RelayError('InvalidConfiguration', { message: 'hcm upgrade --check, or hcm upgrade apply' })
  }
  const timeoutMs = readTimeout(flags.timeout)
  const installation = findInstallation()
  const { proxy: proxyFlag, tlsCa } = flags
  const proxy = await applyNetworkFlags({
    ...(proxyFlag !== undefined && { proxy: proxyFlag }),
    ...(tlsCa && { tlsCa }),
  })
  const source = openReleaseSource(await sourceOf(flags), { proxy })
  const release = chooseRelease(await readReleases(source, installation, flags), {
    installed: installation.version,
    version: flags.to,
    allowsDowngrade: flags.allowDowngrade ?? false,
  })
  const facts = { Installed: installation.version, Available: release?.version ?? installation.version }
  if (!release) return print(flags, facts, `${installation.version} is installed, and there is nothing newer\n`)
  if (action !== 'apply') {
    return print(
      flags,
      facts,
      `${release.version} is there; ${installation.version} is installed. To install it: hcm upgrade apply\n`,
    )
  }
  if (installation.kind === 'package') {
    const file = await fetchPackage(release, source)
    return print(
      flags,
      { ...facts, Package: file },
      `${file} is verified; dpkg owns this installation: sudo dpkg -i ${file}\n`,
    )
  }
  const outcome = await applyUpgrade({
    versions: new InstalledVersions(installation),
    release,
    source,
    control: clientOf(flags),
    timeoutMs,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  })
  print(flags, { ...facts, Service: outcome }, `${release.version} is installed. ${told[outcome]}\n`)
}

const told: Readonly<Record<ServiceOutcome, string>> = {
  replaced: 'The service runs it; the old process ends when its streams have ended.',
  none: 'No service runs.',
  unkept:
    'The service runs the old version until it is started anew: nobody who could do that keeps it going (hcm-service does).',
}

function readTimeout(text: string): number {
  const timeoutMs = parseDuration(text)
  if (timeoutMs !== undefined) return timeoutMs
  throw new RelayError('InvalidConfiguration', { message: `--timeout: "${text}" is no duration such as 60s` })
}

async function sourceOf(flags: UpgradeFlags): Promise<string> {
  if (flags.from) return flags.from
  const service = await clientOf(flags)
    .call('describe', {})
    .catch((error: unknown) => {
      if (isRelayError(error, 'ConnectionFailed')) return undefined
      throw error
    })
  if (service?.Joined) return service.Joined.Endpoint
  throw new RelayError('InvalidConfiguration', {
    message: 'Say where releases are: --from https://HOST:8444 of a relay with --downloads, or --from FOLDER',
  })
}

async function readReleases(
  source: ReleaseSource,
  { kind, platform, publicKeyFile }: Installation,
  { publicKey: file = publicKeyFile }: UpgradeFlags,
): Promise<readonly SignedRelease[]> {
  const publicKey = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new RelayError('InvalidConfiguration', {
      message: `The key of the releases cannot be read: ${cause.message}`,
      cause,
    })
  })
  const [sums, signature] = [await source.read('SHA256SUMS'), await source.read('SHA256SUMS.sig')]
  return readSignedReleases({ sums, signature, publicKey }, { kind, platform })
}

async function fetchPackage({ fileName, sha256 }: SignedRelease, source: ReleaseSource): Promise<string> {
  await mkdir(packageCache, { recursive: true, mode: 0o700 })
  const file = join(packageCache, fileName)
  if ((await source.fetchInto(fileName, file)) === sha256) return file
  await rm(file)
  throw new RelayError('InvalidConfiguration', { message: `${fileName} is not the file whose checksum was signed` })
}
