import { setTimeout as delay } from 'node:timers/promises'
import { isRelayError, RelayError } from '@postern/protocol'
import type { ControlClient } from '../control/control-client.ts'
import type { ServiceStatus } from '../service/service-status.ts'
import type { InstalledVersions } from './installed-versions.ts'
import type { ReleaseSource } from './release-source.ts'
import type { SignedRelease } from './signed-releases.ts'

/** What an upgrade works with. */
export interface ApplyUpgradeOptions {
  readonly versions: InstalledVersions
  readonly release: SignedRelease
  readonly source: ReleaseSource
  readonly control: ControlClient
  /** How long the new version may take until it serves. */
  readonly timeoutMs: number
  readonly onProgress: (line: string) => void
}

/** `replaced`: the service runs the new version. `none`: no service answers. `unkept`: it must be started anew by hand. */
export type ServiceOutcome = 'replaced' | 'none' | 'unkept'

const pollMs = 250

/**
 * Installs a release beside the current one, makes it the current one and has the running service replaced by it. A new version that
 * does not serve what the old one serves is given up: the old one has served all the time and is the current one again.
 *
 * @throws {RelayError} when the release cannot be used, or was given up.
 */
export async function applyUpgrade(options: ApplyUpgradeOptions): Promise<ServiceOutcome> {
  const { versions, release, source, control, onProgress } = options
  const before = await versions.current()
  onProgress(`fetching and verifying ${release.fileName}`)
  await versions.add(release, source)
  const service = await describe(control)
  await versions.switchTo(release.version)
  if (!service) return 'none'
  try {
    await control.call('renew', {})
  } catch (error) {
    if (isRelayError(error, 'InvalidConfiguration') || isRelayError(error, 'ResourceNotFound')) return 'unkept'
    await rollBack(options, before)
    throw error
  }
  onProgress(`version ${release.version} starts beside the service; it takes over when it serves as well`)
  const problem = await waitForReplacement(options, service.Pid)
  if (problem === undefined) return 'replaced'
  await control.call('handOverAbandon', { reason: 'the upgrade was given up' }).catch(() => {})
  await rollBack(options, before)
  throw new RelayError('ConnectTimeout', {
    message: `Version ${release.version} was given up: ${problem}. Version ${before ?? '(none)'} is the current one again${await isRunning(control, service.Pid)}`,
  })
}

async function rollBack({ versions, release }: ApplyUpgradeOptions, before: string | undefined): Promise<void> {
  if (before === undefined || before === release.version) return
  await versions.switchTo(before)
  await versions.remove(release.version)
}

/** Undefined when the new process has taken over, else why not. */
async function waitForReplacement(
  { control, release, timeoutMs }: ApplyUpgradeOptions,
  oldPid: number,
): Promise<string | undefined> {
  const until = performance.now() + timeoutMs
  while (performance.now() < until) {
    const service = await describe(control)
    if (service && service.Pid !== oldPid) {
      return service.Version === release.version ? undefined : `the service that answers now is ${service.Version}`
    }
    if (service?.Renewal?.State === 'failed') return service.Renewal.Reason
    await delay(pollMs)
  }
  return `it did not take over within ${Math.round(timeoutMs / 1_000)} s; see hcm logs`
}

async function isRunning(control: ControlClient, oldPid: number): Promise<string> {
  const service = await describe(control)
  return service?.Pid === oldPid ? ' and has served all the time' : '; start the service anew'
}

async function describe(control: ControlClient): Promise<ServiceStatus | undefined> {
  try {
    return await control.call('describe', {})
  } catch (error) {
    if (isRelayError(error, 'ConnectionFailed')) return undefined
    throw error
  }
}
