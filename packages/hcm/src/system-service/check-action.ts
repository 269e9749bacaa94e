import type { InstalledUnit } from './installed-unit.ts'
import type { PlanOptions, ServiceAction } from './service-manager.ts'
import type { ServicePlatform } from './service-managers.ts'
import { whyNotStartable } from './service-program.ts'

/** What is known before anything is done. */
export interface ActionFacts {
  readonly action: ServiceAction
  readonly platform: ServicePlatform
  readonly options: PlanOptions
  readonly isRoot: boolean
  /** systemd is the first program of this system. */
  readonly hasSystemd: boolean
  /** Unit of our name. Only known of systemd. */
  readonly unit: InstalledUnit | undefined
  /** One that `hcm service install` wrote may be written anew. */
  readonly replaces: boolean
}

/**
 * Refuses what would fail half-way, or change what is not ours.
 *
 * @throws {Error} saying what to do.
 */
export function checkAction(facts: ActionFacts): void {
  if (facts.options.root === undefined) checkSystem(facts)
  if (facts.platform !== 'linux') return
  if (facts.unit?.kind === 'foreign') {
    throw new Error(
      `${facts.unit.path} is not ours: hcm service install has not written it. Move it away, if it may go`,
    )
  }
  if (facts.action === 'install') checkInstallation(facts)
  else checkInstalled(facts)
}

function checkSystem({ action, platform, isRoot, hasSystemd }: ActionFacts): void {
  if (platform === 'linux' && !hasSystemd) {
    throw new Error(
      'systemd does not run here (there is no /run/systemd/system), so there is no service to manage. ' +
        'In a container make `hcm run` its program; let another init system start `hcm run`',
    )
  }
  if (platform !== 'windows' && !isRoot) {
    throw new Error(`Only root may do that: sudo hcm service ${action}. To see what it would do, add --dry-run`)
  }
}

function checkInstallation({ options, unit, replaces }: ActionFacts): void {
  if (unit?.kind === 'masked') {
    throw new Error(`${unit.path} is a mask, which forbids the service: systemctl unmask postern-hcm`)
  }
  if (unit?.kind === 'package') {
    throw new Error(`The service is there already, from a package (${unit.path}): hcm service start`)
  }
  if (unit && !replaces) {
    throw new Error(`The service is installed already (${unit.path}); --replace writes it anew`)
  }
  const reason = options.root === undefined ? whyNotStartable(options.program) : undefined
  if (reason === undefined) return
  throw new Error(
    `The service could not start this program: ${reason}. It runs as a user of its own; ` +
      'install hcm and Node for all users, or name another program: --program PATH',
  )
}

function checkInstalled({ action, unit }: ActionFacts): void {
  if (!unit) throw new Error('The service is not installed here: hcm service install')
  if (action === 'uninstall' && unit.kind === 'package') {
    throw new Error(`${unit.path} came with a package: remove that, for example with apt remove`)
  }
}
