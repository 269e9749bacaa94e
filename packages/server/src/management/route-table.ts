import { activityRoutes } from './activity/activity-routes.ts'
import { authorizationRoutes } from './authorization/authorization-routes.ts'
import { hcmRoutes } from './hcm/hcm-routes.ts'
import { principalRoutes } from './identity/principal-routes.ts'
import { relayRoutes } from './relay/relay-routes.ts'
import { resourceRoutes } from './resources/resource-routes.ts'
import type { Route } from './route.ts'
import { usageRoutes } from './usage/usage-routes.ts'
import { webRoutes } from './web/web-routes.ts'

/**
 * Every route of the management API: router, OpenAPI document, typed client and docs/reference/management-routes.md are made
 * from it.
 */
export const routeTable: readonly Route[] = [
  ...resourceRoutes,
  ...relayRoutes,
  ...webRoutes,
  ...principalRoutes,
  ...usageRoutes,
  ...hcmRoutes,
  ...activityRoutes,
  // Last: its templates end like any resource and may begin like one.
  ...authorizationRoutes,
]
