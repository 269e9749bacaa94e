import { RelayError } from '@postern/protocol'
import { type Plan, type PlanTier, tierOfSku } from '../../domain/plan.ts'

/** A SKU as clients write it: the name decides; some send only the tier. */
export interface SkuBody {
  readonly name?: string | null | undefined
  readonly tier?: string | null | undefined
  readonly capacity?: number | null | undefined
}

type Sku = Pick<Plan, 'sku' | 'tier' | 'capacity'>

/** What `az appservice plan create` takes without `--sku`. */
const defaultSku: Sku = { sku: 'B1', tier: 'Basic', capacity: 1 }

/**
 * The SKU that a plan gets; what is left out stays as it stands.
 * @throws {RelayError} RequestContentInvalid
 */
export function readSku(body: SkuBody | null | undefined, standing: Sku = defaultSku): Sku {
  const capacity = body?.capacity ?? standing.capacity
  const name = body?.name ?? undefined
  const wantedTier = body?.tier ?? undefined
  if (name === undefined) {
    if (wantedTier === undefined || isSame(wantedTier, standing.tier)) {
      return { sku: standing.sku, tier: standing.tier, capacity }
    }
    const first = firstSkus.find(([tier]) => isSame(tier, wantedTier))
    if (first) return { sku: first[1], tier: first[0], capacity }
    throw unknown(wantedTier, 'tier')
  }
  const tier = tierOfSku(name)
  if (tier === undefined) throw unknown(name, 'SKU')
  return { sku: name, tier, capacity }
}

/** `Pv3` of `P1v3`: the SKU without its size. */
export function skuFamily(sku: string): string {
  return sku.replace(/\d+/, '')
}

const firstSkus: readonly (readonly [PlanTier, string])[] = [
  ['Free', 'F1'],
  ['Shared', 'D1'],
  ['Dynamic', 'Y1'],
  ['Basic', 'B1'],
  ['Standard', 'S1'],
  ['Premium', 'P1'],
  ['PremiumV2', 'P1v2'],
  ['PremiumV3', 'P1v3'],
  ['PremiumV4', 'P1v4'],
  ['ElasticPremium', 'EP1'],
  ['Isolated', 'I1'],
  ['IsolatedV2', 'I1v2'],
]

function unknown(text: string, what: string): RelayError {
  const printable = text.replace(/[^\x21-\x7e]/g, '?')
  return new RelayError('RequestContentInvalid', {
    message: `sku: App Service has no ${what} '${printable}'; there are F1, D1, Y1, B1 to B3, S1 to S3, P1v2, P1v3, EP1, I1v2 and their like`,
  })
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
