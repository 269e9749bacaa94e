import { readFileSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RelayError } from '@postern/protocol'
import { z } from 'zod'

/** Where this program was installed from a release, and how. */
export interface Installation {
  /** `archive`: versions side by side, which upgrades switch. `package`: dpkg owns the files. */
  readonly kind: 'archive' | 'package'
  /** Of an archive the folder with `versions` and `current`; of a package the folder with its files. */
  readonly home: string
  readonly version: string
  /** `linux-x64` */
  readonly platform: string
  /** The key that signs releases, as it was pinned when the first one was installed. */
  readonly publicKeyFile: string
}

const releaseJson = z.object({ name: z.literal('postern'), version: z.string(), platform: z.string() })

/** From `lib/node_modules/@postern/hcm/dist/upgrade/` up to the release. */
const levelsUp = 7
const packageHome = '/usr/lib/postern-hcm'
const keyName = 'release-key.pub.pem'

/**
 * Finds out how this program was installed.
 *
 * @throws {RelayError} InvalidConfiguration when it was not installed from a release.
 */
export function findInstallation(script: string = fileURLToPath(import.meta.url)): Installation {
  let place = realpathSync(script)
  for (let level = 0; level < levelsUp; level += 1) place = dirname(place)
  const facts = readRelease(place)
  if (facts && place === packageHome) {
    return { kind: 'package', home: place, ...facts, publicKeyFile: join(place, keyName) }
  }
  const home = dirname(dirname(place))
  if (facts && basename(dirname(place)) === 'versions') {
    return { kind: 'archive', home, ...facts, publicKeyFile: join(home, keyName) }
  }
  throw new RelayError('InvalidConfiguration', {
    message: facts
      ? `This release runs where it was unpacked (${place}); ${join(place, 'install')} installs it, then it can be upgraded`
      : 'This hcm was not installed from a release of `npm run dist`; upgrade it the way it was installed, with npm or git',
  })
}

/** What a service is to start where versions lie side by side: whichever is current, and across upgrades. */
export function keptProgram(): string | undefined {
  try {
    const { kind, home } = findInstallation()
    return kind === 'archive' ? join(home, 'current/bin/hcm-service') : undefined
  } catch {
    return undefined
  }
}

function readRelease(place: string): { readonly version: string; readonly platform: string } | undefined {
  try {
    const { version, platform } = releaseJson.parse(JSON.parse(readFileSync(join(place, 'release.json'), 'utf8')))
    return { version, platform }
  } catch {
    return undefined
  }
}
