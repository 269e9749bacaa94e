import type { ResourcePlacement } from './resource-placement.ts'

/** A folder of resources inside a subscription. */
export interface ResourceGroup extends Omit<ResourcePlacement, 'resourceGroup'> {
  readonly name: string
  readonly createdAt: Date
  readonly updatedAt: Date
}
