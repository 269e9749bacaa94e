import type { AuthorizationRule } from './authorization-rule.ts'
import type { IngressEntry } from './ingress-entry.ts'
import type { NetworkAccess } from './network-access.ts'
import type { PrivateEndpointConnection } from './private-endpoint-connection.ts'
import type { ResourcePlacement } from './resource-placement.ts'

/** A tenant's container of hybrid connections with its own host names. */
export interface Namespace extends ResourcePlacement {
  /** 6-50 characters in ARM; a resources file may use shorter ones. Compared in lower case. */
  readonly name: string
  /** Host names besides `{name}.{baseDomain}`, lower case, without port. */
  readonly hosts: readonly string[]
  /** Answers for every host that no other namespace names (localhost, addresses, bare machine names). */
  readonly isDefault: boolean
  readonly rules: readonly AuthorizationRule[]
  readonly network: NetworkAccess
  readonly privateEndpointConnections: readonly PrivateEndpointConnection[]
  /** Public ports and names of the relay itself that lead to its hybrid connections. */
  readonly ingress: readonly IngressEntry[]
  readonly createdAt: Date
  readonly updatedAt: Date
}
