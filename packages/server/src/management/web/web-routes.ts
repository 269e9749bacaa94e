import { planRoutes } from './plan-routes.ts'
import { siteRoutes } from './site-routes.ts'

/** Microsoft.Web: plans, apps, and their hybrid connections. */
export const webRoutes = [...planRoutes, ...siteRoutes]
