import { endpointOfMetadata } from '@postern/protocol'
import type { AppHybridConnection } from '../../domain/app.ts'
import { defaultPlacement, plainLocation } from '../../domain/resource-placement.ts'
import { hybridConnectionStatus } from './hybrid-connection-status.ts'
import { isAlive } from './plan-usage.ts'
import { type FoundRelay, relayByName } from './relay-reference.ts'
import { currentSendKey } from './send-key.ts'
import type { WebParts } from './web-parts.ts'

/** The app, slot or plan below which an attachment is answered. */
export interface AttachmentOwner {
  readonly id: string
  readonly type: 'Microsoft.Web/sites' | 'Microsoft.Web/sites/slots' | 'Microsoft.Web/serverfarms'
  readonly location: string
}

/**
 * An attachment as Azure answers it, the key left out. Host and port are those of the hybrid connection's metadata now; the
 * members from `status` on are ours.
 */
export function attachmentJson(parts: WebParts, owner: AttachmentOwner, attached: AppHybridConnection): unknown {
  const relay = relayByName(parts.catalog, attached.namespace, attached.relayName)
  const endpoint = endpointOfMetadata(relay?.entity.userMetadata)
  const warning = warningOf(parts, owner, attached, relay)
  return {
    id: attachmentId(owner, attached),
    name: attached.relayName,
    type: `${owner.type}/hybridConnectionNamespaces/relays`,
    location: owner.location,
    properties: {
      serviceBusNamespace: attached.namespace,
      serviceBusSuffix: `.${parts.settings.baseDomain}`,
      relayName: attached.relayName,
      relayArmUri: attached.relayArmUri,
      hostname: endpoint?.host ?? '',
      port: endpoint?.port ?? 0,
      sendKeyName: attached.sendKeyName,
      sendKeyValue: '',
      ...hybridConnectionStatus(parts, attached.namespace, attached.relayName),
      ...(warning !== undefined && { warning }),
    },
  }
}

export function attachmentId({ id }: AttachmentOwner, { namespace, relayName }: AppHybridConnection): string {
  return `${id}/hybridConnectionNamespaces/${namespace}/relays/${relayName}`
}

function warningOf(
  { catalog }: WebParts,
  owner: AttachmentOwner,
  attached: AppHybridConnection,
  relay: FoundRelay | undefined,
): string | undefined {
  if (!relay || !isAlive(catalog, attached))
    return 'The hybrid connection was deleted: attach another, or this one anew.'
  if (!currentSendKey(catalog, attached)) {
    return `The rule ${attached.sendKeyName} is gone or has no right Send any more: the app has no key.`
  }
  const { location } = relay.namespace
  if (plainLocation(location) === plainLocation(owner.location) || location === defaultPlacement.location)
    return undefined
  return `The app is in ${owner.location}, the namespace in ${location}: every connection takes the way between them.`
}
