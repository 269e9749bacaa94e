import { RelayError } from '@postern/protocol'
import { type ArmHandler, type ArmHandlers, ok } from '../arm-call.ts'
import type { ManagementParts } from '../management-parts.ts'
import { parentNamespace } from './find-namespace.ts'
import type { wcfRelayRoutes } from './wcf-relay-routes.ts'

/** Answers what can be truly said of WCF relays; the namespace that is asked must be there. */
export function wcfRelayHandlers({ documents }: ManagementParts): ArmHandlers<typeof wcfRelayRoutes> {
  const below =
    (answer: ArmHandler): ArmHandler =>
    (call) => {
      parentNamespace(documents, call.params)
      return answer(call)
    }
  const none = below(() => ok({ value: [] }))
  const missing = below(() => {
    throw new RelayError('EntityNotFound', { message: 'WCF Relay does not exist' })
  })
  const deleted = below(() => ({ status: 204 }))
  const refused = below(() => {
    throw new RelayError('OperationNotSupported', {
      message:
        'WCF relays are not supported. Run the WCF service behind a hybrid connection, as plain TCP or HTTP: see docs/guide/tunnels.md and docs/out-of-scope.md',
    })
  })
  return {
    WcfRelays_ListByNamespace: none,
    WcfRelays_Get: missing,
    WcfRelays_CreateOrUpdate: refused,
    WcfRelays_Delete: deleted,
    WcfRelays_ListAuthorizationRules: none,
    WcfRelays_GetAuthorizationRule: missing,
    WcfRelays_CreateOrUpdateAuthorizationRule: refused,
    WcfRelays_DeleteAuthorizationRule: deleted,
    WcfRelays_ListKeys: missing,
    WcfRelays_RegenerateKeys: missing,
  }
}
