import { KeyedQueue } from '../../storage/keyed-queue.ts'
import type { ArmHandlers } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { connectorCredentialHandlers } from './connector-credential-handlers.ts'
import { AppFeeds } from './feed/app-feeds.ts'
import { feedHandlers } from './feed/feed-handlers.ts'
import { planHandlers } from './plan-handlers.ts'
import { planRelayHandlers } from './plan-relay-handlers.ts'
import { siteHandlers } from './site-handlers.ts'
import { siteRelayHandlers } from './site-relay-handlers.ts'
import type { WebParts } from './web-parts.ts'
import type { webRoutes } from './web-routes.ts'

/** Handlers of Microsoft.Web. */
export function webHandlers(parts: ManagementParts): ArmHandlers<typeof webRoutes> {
  const web: WebParts = { ...parts, planQueue: new KeyedQueue() }
  return {
    ...planHandlers(web),
    ...siteHandlers(web),
    ...planRelayHandlers(web),
    ...siteRelayHandlers(web),
    ...connectorCredentialHandlers(web),
    ...feedHandlers(new AppFeeds(web)),
  }
}
