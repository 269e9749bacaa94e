import type { IngressEntry } from './ingress-entry.ts'

/** An ingress entry that the management API has made; those of the resources file stand in their namespace. */
export interface ManagedIngress {
  readonly namespace: string
  readonly name: string
  readonly entry: IngressEntry
  readonly createdAt: Date
  readonly updatedAt: Date
}
