import type { ArmHandlers } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { authorizationRuleHandlers } from './authorization-rule-handlers.ts'
import { hybridConnectionHandlers } from './hybrid-connection-handlers.ts'
import { ingressHandlers } from './ingress-handlers.ts'
import { namespaceHandlers } from './namespace-handlers.ts'
import { networkRuleHandlers } from './network-rule-handlers.ts'
import { privateEndpointHandlers } from './private-endpoint-handlers.ts'
import type { relayRoutes } from './relay-routes.ts'
import { wcfRelayHandlers } from './wcf-relay-handlers.ts'

export function relayHandlers(parts: ManagementParts): ArmHandlers<typeof relayRoutes> {
  return {
    ...namespaceHandlers(parts),
    ...hybridConnectionHandlers(parts),
    ...authorizationRuleHandlers(parts),
    ...networkRuleHandlers(parts),
    ...privateEndpointHandlers(parts),
    ...ingressHandlers(parts),
    ...wcfRelayHandlers(parts),
  }
}
