import { activityHandlers } from './activity/activity-handlers.ts'
import type { ArmHandler } from './arm-call.ts'
import { authorizationHandlers } from './authorization/authorization-handlers.ts'
import { hcmHandlers } from './hcm/hcm-handlers.ts'
import { principalHandlers } from './identity/principal-handlers.ts'
import type { ManagementParts } from './management-parts.ts'
import { relayHandlers } from './relay/relay-handlers.ts'
import { resourceHandlers } from './resources/resource-handlers.ts'
import { usageHandlers } from './usage/usage-handlers.ts'
import { webHandlers } from './web/web-handlers.ts'

/** The handler of every route, by its id. */
export function createHandlers(parts: ManagementParts): Readonly<Record<string, ArmHandler<never>>> {
  return {
    ...resourceHandlers(parts),
    ...relayHandlers(parts),
    ...webHandlers(parts),
    ...principalHandlers(parts),
    ...usageHandlers(parts),
    ...hcmHandlers(parts),
    ...activityHandlers(parts),
    ...authorizationHandlers(parts),
  }
}
