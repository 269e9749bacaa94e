import type { PlanTier } from './plan.ts'

/**
 * Which of Azure's tables counts. `seed`: a number for each plan. `today`: since 2022 Premium and Isolated have 220 for each
 * app instead.
 */
export type PlanLimitTable = 'seed' | 'today'

/** How many hybrid connections may be used; 0 where the tier has none. */
export interface PlanLimit {
  readonly maximum: number
  /** What the number is for: all apps of the plan together, or each one. */
  readonly per: 'plan' | 'app'
}

/** The limit of a tier (App Service, "Hybrid Connections and App Service plans"). */
export function planLimit(tier: PlanTier, table: PlanLimitTable): PlanLimit {
  switch (tier) {
    case 'Free':
    case 'Shared':
    case 'Dynamic':
      return { maximum: 0, per: 'plan' }
    case 'Basic':
      return { maximum: 5, per: 'plan' }
    case 'Standard':
      return { maximum: 25, per: 'plan' }
    default:
      return table === 'today' ? { maximum: 220, per: 'app' } : { maximum: 200, per: 'plan' }
  }
}
