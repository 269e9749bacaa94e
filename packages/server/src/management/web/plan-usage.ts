import { RelayError } from '@postern/protocol'
import type { App, AppDeployment, AppHybridConnection } from '../../domain/app.ts'
import { type EntityKey, entityKey } from '../../domain/hybrid-connection.ts'
import type { Plan } from '../../domain/plan.ts'
import { planLimit } from '../../domain/plan-limits.ts'
import type { ResourceCatalog } from '../../storage/resource-catalog.ts'
import type { ManagementSettings } from '../management-parts.ts'

type Finder = Pick<ResourceCatalog, 'get'>

interface UsageParts {
  readonly catalog: Finder
  readonly settings: Pick<ManagementSettings, 'hybridConnectionLimits'>
}

/**
 * Whether what an app was attached to is still there. One that was deleted and made anew is another one: whoever attached
 * the old one was never asked for the new one's keys.
 */
export function isAlive(catalog: Finder, { namespace, relayName, attachedAt }: AppHybridConnection): boolean {
  const entity = catalog.get(namespace, relayName)
  return entity !== undefined && entity.createdAt <= attachedAt
}

/** How much of a plan's limit its apps use; where the limit is for each app, how much the one uses that uses most. */
export interface PlanUsage {
  readonly current: number
  readonly maximum: number
  readonly per: 'plan' | 'app'
}

/** A hybrid connection that many apps and slots use counts once. */
export function planUsage(
  { catalog, settings }: UsageParts,
  plan: Pick<Plan, 'tier'>,
  apps: readonly App[],
): PlanUsage {
  const { maximum, per } = planLimit(plan.tier, settings.hybridConnectionLimits)
  const current =
    per === 'plan'
      ? new Set(apps.flatMap((app) => usedBy(catalog, app))).size
      : Math.max(0, ...apps.map((app) => new Set(usedBy(catalog, app)).size))
  return { current, maximum, per }
}

/**
 * Refuses a change of one app of a plan, or a new one, after which more would be used than may be.
 * @throws {RelayError} HybridConnectionsNotInTier, PlanLimitReached
 */
export function checkAppChange(
  parts: UsageParts,
  plan: Plan,
  change: { readonly others: readonly App[]; readonly before: App | undefined; readonly after: App },
): void {
  const { per } = planLimit(plan.tier, parts.settings.hybridConnectionLimits)
  const around = per === 'plan' ? change.others : []
  checkPlanUsage(plan, {
    before: planUsage(parts, plan, change.before ? [...around, change.before] : around),
    after: planUsage(parts, plan, [...around, change.after]),
  })
}

/**
 * Refuses a change after which a plan would use more than it may. What is above the limit already may stay, and one that is
 * counted may be attached again, however full the plan is.
 * @throws {RelayError} HybridConnectionsNotInTier, PlanLimitReached
 */
export function checkPlanUsage(
  plan: Plan,
  { before, after }: { readonly before: PlanUsage; readonly after: PlanUsage },
): void {
  const { current, maximum, per } = after
  const isMore = current > before.current || maximum < before.maximum || per !== before.per
  if (current <= maximum || !isMore) return
  if (maximum === 0) {
    throw new RelayError('HybridConnectionsNotInTier', {
      message: `Hybrid connections need a plan of tier Basic, Standard, Premium or Isolated; '${plan.name}' has tier ${plan.tier}`,
    })
  }
  throw new RelayError('PlanLimitReached', {
    message: `${per === 'plan' ? `The plan '${plan.name}'` : `An app of the plan '${plan.name}'`} may use ${maximum} hybrid connections in tier ${plan.tier}; with this there would be ${current}. Detach one that no app needs, or scale the plan up`,
  })
}

/** What an app with its slots uses, once for each use. */
function usedBy(catalog: Finder, app: App): readonly EntityKey[] {
  const deployments: readonly AppDeployment[] = [app, ...app.slots]
  return deployments
    .flatMap(({ hybridConnections }) => hybridConnections)
    .filter((attached) => isAlive(catalog, attached))
    .map(({ namespace, relayName }) => entityKey(namespace, relayName))
}
