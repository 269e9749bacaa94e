import { authorizationRuleRoutes } from './authorization-rule-routes.ts'
import { hybridConnectionRoutes } from './hybrid-connection-routes.ts'
import { ingressRoutes } from './ingress-routes.ts'
import { namespaceRoutes } from './namespace-routes.ts'
import { networkRuleRoutes } from './network-rule-routes.ts'
import { privateEndpointRoutes } from './private-endpoint-routes.ts'
import { wcfRelayRoutes } from './wcf-relay-routes.ts'

/** Every route of Microsoft.Relay. */
export const relayRoutes = [
  ...namespaceRoutes,
  ...hybridConnectionRoutes,
  ...authorizationRuleRoutes,
  ...networkRuleRoutes,
  ...privateEndpointRoutes,
  ...ingressRoutes,
  ...wcfRelayRoutes,
] as const
