import { RelayError } from '@postern/protocol'
import type { AppHybridConnection } from '../../domain/app.ts'
import { type ArmCall, type ArmReply, ok } from '../arm-call.ts'
import { type AttachmentOwner, attachmentId } from './attachment-json.ts'
import { gatewayKey } from './gateway-key.ts'
import { isAlive } from './plan-usage.ts'
import { type FoundRelay, relayByName } from './relay-reference.ts'
import { currentSendKey, demandListKeys } from './send-key.ts'
import type { WebParts } from './web-parts.ts'

/** The key that an app sends with now. @throws {RelayError} AccessDenied, ResourceNotFound */
export function sendKeyReply(
  parts: WebParts,
  call: ArmCall,
  owner: AttachmentOwner,
  attached: AppHybridConnection,
): ArmReply {
  const relay = demandAlive(parts, attached)
  const key = currentSendKey(parts.catalog, attached)
  if (!key) {
    throw new RelayError('ResourceNotFound', {
      message: `The rule '${attached.sendKeyName}' is gone, or has no right Send any more`,
    })
  }
  demandListKeys(call, key, { name: `${relay.namespace.name}/${relay.entity.name}` })
  return ok({
    id: attachmentId(owner, attached),
    name: attached.relayName,
    type: `${owner.type}/hybridConnectionNamespaces/relays`,
    properties: { sendKeyName: key.rule.name, sendKeyValue: key.value.reveal() },
  })
}

/** @throws {RelayError} AccessDenied, ResourceNotFound, HybridConnectionNotUsable */
export function gatewayKeyReply(parts: WebParts, call: ArmCall, attached: AppHybridConnection): ArmReply {
  return ok(gatewayKey(parts, call, demandAlive(parts, attached)))
}

function demandAlive({ catalog }: WebParts, attached: AppHybridConnection): FoundRelay {
  const relay = relayByName(catalog, attached.namespace, attached.relayName)
  if (relay && isAlive(catalog, attached)) return relay
  throw new RelayError('ResourceNotFound', {
    message: `The hybrid connection '${attached.namespace}/${attached.relayName}' was deleted`,
  })
}
