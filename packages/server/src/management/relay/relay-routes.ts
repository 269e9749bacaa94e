import { authorizationRuleRoutes } from './authorization-rule-routes.ts'
import { hybridConnectionRoutes } from './hybrid-connection-routes.ts'
import { namespaceRoutes } from './namespace-routes.ts'

/** Every route of Microsoft.Relay. */
export const relayRoutes = [...namespaceRoutes, ...hybridConnectionRoutes, ...authorizationRuleRoutes] as const
