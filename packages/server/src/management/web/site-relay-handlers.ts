import { RelayError } from '@postern/protocol'
import type { AppHybridConnection } from '../../domain/app.ts'
import { type ArmCall, type ArmHandlers, type ArmReply, ok } from '../arm-call.ts'
import { etagOf } from '../etag.ts'
import { nameIn } from '../resources/resource-handlers.ts'
import { type AttachBody, attachHybridConnection } from './attach-hybrid-connection.ts'
import { type AttachmentOwner, attachmentJson } from './attachment-json.ts'
import { gatewayKeyReply, sendKeyReply } from './attachment-keys.ts'
import { demandAttachment } from './attachments.ts'
import { detachHybridConnection } from './detach-hybrid-connection.ts'
import { type FoundDeployment, findDeployment } from './find-web-resource.ts'
import type { siteRoutes } from './site-routes.ts'
import type { WebParts } from './web-parts.ts'

type AllHandlers = ArmHandlers<typeof siteRoutes>
type Handlers = Pick<
  AllHandlers,
  Extract<keyof AllHandlers, `WebApps_${string}${'HybridConnection' | 'RelayServiceConnection' | 'Gateway'}${string}`>
>

/** Handlers of the hybrid connections of apps and slots. */
export function siteRelayHandlers(parts: WebParts): Handlers {
  const attached = (call: ArmCall): Attached => {
    const found = findDeployment(parts.documents, call.params)
    return { found, attachment: demandAttachment(found, call.params) }
  }
  const list = (call: ArmCall): ArmReply => {
    const { deployment, ...found } = findDeployment(parts.documents, call.params)
    const owner = ownerOf(found)
    const value = deployment.hybridConnections.map((each) => attachmentJson(parts, owner, each))
    return ok({ value, nextLink: null, id: null })
  }
  const get = (call: ArmCall): ArmReply => replyOf(parts, attached(call))
  const put = async (call: ArmCall<AttachBody>): Promise<ArmReply> => {
    await attachHybridConnection(parts, call)
    return replyOf(parts, attached(call))
  }
  const remove = async (call: ArmCall): Promise<ArmReply> => {
    await detachHybridConnection(parts, call)
    return { status: 200 }
  }
  const listKeys = (call: ArmCall): ArmReply => {
    const { found, attachment } = attached(call)
    return sendKeyReply(parts, call, ownerOf(found), attachment)
  }
  const listGatewayKeys = (call: ArmCall): ArmReply => gatewayKeyReply(parts, call, attached(call).attachment)
  return {
    WebApps_ListHybridConnections: list,
    WebApps_ListHybridConnectionsSlot: list,
    WebApps_GetHybridConnection: get,
    WebApps_GetHybridConnectionSlot: get,
    WebApps_CreateOrUpdateHybridConnection: put,
    WebApps_CreateOrUpdateHybridConnectionSlot: put,
    WebApps_UpdateHybridConnection: put,
    WebApps_UpdateHybridConnectionSlot: put,
    WebApps_DeleteHybridConnection: remove,
    WebApps_DeleteHybridConnectionSlot: remove,
    WebApps_ListHybridConnectionKeys: listKeys,
    WebApps_ListHybridConnectionKeysSlot: listKeys,
    WebApps_ListGatewayKeys: listGatewayKeys,
    WebApps_ListGatewayKeysSlot: listGatewayKeys,
    ...classicHandlers(parts),
  }
}

interface Attached {
  readonly found: FoundDeployment
  readonly attachment: AppHybridConnection
}

function replyOf(parts: WebParts, { found, attachment }: Attached): ArmReply {
  return ok(attachmentJson(parts, ownerOf(found), attachment), etagOf(found.stored))
}

function ownerOf({ id, slot, app }: Pick<FoundDeployment, 'id' | 'slot' | 'app'>): AttachmentOwner {
  return { id, type: slot === undefined ? 'Microsoft.Web/sites' : 'Microsoft.Web/sites/slots', location: app.location }
}

/** BizTalk hybrid connections: there are none, and there will be none. */
function classicHandlers({
  documents,
}: WebParts): Pick<AllHandlers, Extract<keyof AllHandlers, `${string}RelayServiceConnection${string}`>> {
  const list = ({ params }: ArmCall): ArmReply => {
    findDeployment(documents, params)
    return ok({ value: [], nextLink: null, id: null })
  }
  const none = ({ params }: ArmCall): never => {
    findDeployment(documents, params)
    throw new RelayError('ResourceNotFound', {
      message: `There is no BizTalk hybrid connection '${nameIn(params, 'entityName').slice(0, 64)}': they ended in 2018. See hybridConnectionRelays`,
    })
  }
  const refuse = ({ params }: ArmCall): never => {
    findDeployment(documents, params)
    throw new RelayError('OperationNotSupported', {
      message: 'BizTalk hybrid connections ended in 2018; attach a hybrid connection of Azure Relay instead',
    })
  }
  return {
    WebApps_ListRelayServiceConnections: list,
    WebApps_ListRelayServiceConnectionsSlot: list,
    WebApps_GetRelayServiceConnection: none,
    WebApps_GetRelayServiceConnectionSlot: none,
    WebApps_CreateOrUpdateRelayServiceConnection: refuse,
    WebApps_CreateOrUpdateRelayServiceConnectionSlot: refuse,
    WebApps_UpdateRelayServiceConnection: none,
    WebApps_UpdateRelayServiceConnectionSlot: none,
    WebApps_DeleteRelayServiceConnection: none,
    WebApps_DeleteRelayServiceConnectionSlot: none,
  }
}
