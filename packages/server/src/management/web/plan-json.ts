import { planId } from '@postern/protocol'
import type { Plan } from '../../domain/plan.ts'
import { skuFamily } from './plan-sku.ts'

/** A plan as Azure answers it. */
export function planJson(plan: Plan, { numberOfSites }: { readonly numberOfSites: number }): unknown {
  const { name, kind, location, tags, sku, tier, capacity, subscriptionId, resourceGroup } = plan
  return {
    id: planId(plan, name),
    name,
    type: 'Microsoft.Web/serverfarms',
    kind: kind ?? 'app',
    location,
    tags,
    properties: {
      name,
      status: 'Ready',
      provisioningState: 'Succeeded',
      subscription: subscriptionId,
      resourceGroup,
      geoRegion: location,
      numberOfSites,
      numberOfWorkers: capacity,
      reserved: isLinux(plan),
    },
    sku: { name: sku, tier, size: sku, family: skuFamily(sku), capacity },
  }
}

/** Azure calls a Linux plan "reserved". */
export function isLinux({ kind }: Pick<Plan, 'kind'>): boolean {
  return kind !== undefined && /linux/i.test(kind)
}
