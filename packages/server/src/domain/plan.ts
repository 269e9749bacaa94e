import type { ResourcePlacement } from './resource-placement.ts'

/** Pricing tiers of an App Service plan, as far as they differ in hybrid connections. */
export type PlanTier =
  | 'Free'
  | 'Shared'
  | 'Dynamic'
  | 'Basic'
  | 'Standard'
  | 'Premium'
  | 'PremiumV2'
  | 'PremiumV3'
  | 'PremiumV4'
  | 'ElasticPremium'
  | 'Isolated'
  | 'IsolatedV2'

/** An App Service plan: apps belong to it, and its tier limits how many hybrid connections they may use. */
export interface Plan extends ResourcePlacement {
  readonly name: string
  /** `app`, `linux`, `functionapp`, ...: kept for clients. */
  readonly kind?: string
  /** SKU name such as `B1` or `P1v3`. */
  readonly sku: string
  readonly tier: PlanTier
  readonly capacity: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** Tier of a SKU name such as `S1`; undefined for one that App Service does not have. */
export function tierOfSku(sku: string): PlanTier | undefined {
  return skuTiers.find(([pattern]) => pattern.test(sku))?.[1]
}

const skuTiers: readonly (readonly [RegExp, PlanTier])[] = [
  [/^F\d$/i, 'Free'],
  [/^D\d$/i, 'Shared'],
  [/^(Y1|FC1)$/i, 'Dynamic'],
  [/^B\d$/i, 'Basic'],
  [/^S\d$/i, 'Standard'],
  [/^P\dm?v2$/i, 'PremiumV2'],
  [/^P\dm?v3$/i, 'PremiumV3'],
  [/^P\dm?v4$/i, 'PremiumV4'],
  [/^P\d$/i, 'Premium'],
  [/^(EP|WS)\d$/i, 'ElasticPremium'],
  [/^I\dm?v2$/i, 'IsolatedV2'],
  [/^I\d$/i, 'Isolated'],
]
