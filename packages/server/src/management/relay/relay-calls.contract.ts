import type { ArmBed } from '../arm-calls.contract.ts'
import { openArmBed } from '../arm-calls.contract.ts'

export const version = '?api-version=2021-11-01'
export const group = '/subscriptions/s/resourceGroups/g'
export const namespaces = `${group}/providers/Microsoft.Relay/namespaces`
export const contoso = `${namespaces}/contoso`

/** The management API with the groups `g` and `other`, and the namespace `contoso` in `g`. */
export async function openRelayBed(): Promise<ArmBed> {
  const bed = await openArmBed()
  for (const name of ['g', 'other']) {
    await bed.call('PUT', `/subscriptions/s/resourceGroups/${name}?api-version=2021-04-01`, { body: { location: 'x' } })
  }
  await bed.call('PUT', `/subscriptions/t/resourceGroups/g?api-version=2021-04-01`, { body: { location: 'x' } })
  await bed.call('PUT', contoso + version, { body: { location: 'West US 2' } })
  return bed
}

/** Path and query of a Location or nextLink header. */
export function target(url: string | undefined): string {
  const { pathname, search } = new URL(url ?? '')
  return pathname + search
}

/** Writes what the resources file would: a document that management must not change. */
export async function declare(bed: ArmBed, key: string): Promise<void> {
  const stored = await bed.store.get(key)
  if (!stored) throw new Error(`no ${key}`)
  await bed.store.put({ ...stored.document, origin: 'declared' })
}
