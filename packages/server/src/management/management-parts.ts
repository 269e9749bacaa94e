import type { AuditTrail } from '../audit/audit-trail.ts'
import type { IngressGrant } from '../domain/ingress-grant.ts'
import type { IngressStatus } from '../domain/ingress-status.ts'
import type { PlanLimitTable } from '../domain/plan-limits.ts'
import type { Identity } from '../identity/open-identity.ts'
import type { RoleBook } from '../identity/roles/role-book.ts'
import type { RoleChanges } from '../identity/roles/role-changes.ts'
import type { ListenerCounts } from '../listeners/listener-counts.ts'
import type { DocumentCopy } from '../storage/document-copy.ts'
import type { ResourceCatalog } from '../storage/resource-catalog.ts'
import type { ResourceStore } from '../storage/resource-store.ts'
import type { HcmRegistry } from './hcm/hcm-registry.ts'

/** Settings of the relay that answers of the management API depend on. */
export interface ManagementSettings {
  readonly publicHost: string
  readonly baseDomain: string
  /** Oldest version of TLS that the doors take. */
  readonly minTlsVersion: '1.2' | '1.3'
  /** TLS of public ports can end here. */
  readonly endsTls: boolean
  /** Which of Azure's tables says how many hybrid connections a plan may use. */
  readonly hybridConnectionLimits: PlanLimitTable
  /** Public ports that may be opened here. */
  readonly ingressGrants: readonly IngressGrant[]
}

/** What the handlers of the management API work with; built once by the composition root. */
export interface ManagementParts {
  readonly store: ResourceStore
  readonly documents: DocumentCopy
  readonly catalog: ResourceCatalog
  readonly roles: RoleBook
  readonly roleChanges: RoleChanges
  readonly identity: Pick<Identity, 'directory' | 'keys'>
  readonly listeners: ListenerCounts
  readonly hcms: HcmRegistry
  readonly audit: Pick<AuditTrail, 'page'>
  readonly settings: ManagementSettings
  readonly ingress: Pick<IngressStatus, 'problemOf' | 'portOf' | 'settled'>
  /** TCP ports of the relay's own doors that are open. */
  readonly doorPorts: () => readonly number[]
  /** Port by which others reach the data door, known once it is open. */
  readonly dataPort: () => number
  readonly now: () => Date
}
