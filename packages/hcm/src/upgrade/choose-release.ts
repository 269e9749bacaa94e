import { RelayError } from '@postern/protocol'
import type { SignedRelease } from './signed-releases.ts'
import { compareVersions } from './version-order.ts'

/** What an operator wants. */
export interface UpgradeWish {
  readonly installed: string
  /** Default: the newest one. */
  readonly version?: string | undefined
  readonly allowsDowngrade: boolean
}

/**
 * Chooses the release to install; undefined when the installed one is the newest.
 *
 * @throws {RelayError} InvalidConfiguration when the wanted version is not there, or is an older one and that was not allowed: whoever
 *   keeps an old list with a good signature could bring old faults back.
 */
export function chooseRelease(
  releases: readonly SignedRelease[],
  { installed, version, allowsDowngrade }: UpgradeWish,
): SignedRelease | undefined {
  const chosen = version === undefined ? releases[0] : releases.find((each) => each.version === version)
  if (!chosen) {
    const there = releases.map((each) => each.version).join(', ') || 'none for this system'
    throw new RelayError('InvalidConfiguration', {
      message: `There is no release ${version ?? ''}; there are: ${there}`,
    })
  }
  const order = compareVersions(chosen.version, installed)
  if (order === 0) return undefined
  if (order > 0 || allowsDowngrade) return chosen
  if (version === undefined) return undefined
  throw new RelayError('InvalidConfiguration', {
    message: `${chosen.version} is older than ${installed}, which is installed; --allow-downgrade installs it all the same`,
  })
}
