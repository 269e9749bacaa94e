import { namespaceId, resourceGroupId } from '@postern/protocol'
import type { StoredDocument } from '../../storage/resource-store.ts'
import { type ArmCall, type ArmHandlers, type ArmReply, ok } from '../arm-call.ts'
import { etagOf } from '../etag.ts'
import type { ManagementParts } from '../management-parts.ts'
import { page } from '../page.ts'
import { findResourceGroup } from '../resources/find-resource-group.ts'
import { nameIn } from '../resources/resource-handlers.ts'
import { deleteDocument } from '../write-document.ts'
import { findNamespace, isPlacedAt, namespaceAt } from './find-namespace.ts'
import { nameAvailability } from './name-availability.ts'
import { namespaceJson } from './namespace-json.ts'
import type { namespaceRoutes } from './namespace-routes.ts'
import { relayOperations } from './relay-operations.ts'
import { patchNamespace, putNamespace } from './write-namespace.ts'

type StoredNamespace = StoredDocument<'namespace'>

type Handlers = ArmHandlers<typeof namespaceRoutes>
type WriteRoute = 'Namespaces_CreateOrUpdate' | 'Namespaces_Update' | 'Namespaces_Delete' | 'Namespaces_DeleteResult'

export function namespaceHandlers(parts: ManagementParts): Handlers {
  return { ...readHandlers(parts), ...writeHandlers(parts) }
}

function readHandlers(parts: ManagementParts): Omit<Handlers, WriteRoute> {
  const { documents } = parts
  const list = (call: ArmCall, visible: readonly StoredNamespace[]): ArmReply =>
    page(call, visible, ({ document }) => namespaceJson(parts, document.value, call))
  return {
    RelayOperations_List: () => ok({ value: relayOperations }),
    Namespaces_CheckNameAvailability: (call) => ok(nameAvailability(parts, call.body.name)),
    Namespaces_List: (call) => {
      const subscriptionId = nameIn(call.params, 'subscriptionId')
      const visible = visibleNamespaces(parts, call, subscriptionId)
      if (visible.length === 0) call.demand(namespaceRead, `/subscriptions/${subscriptionId}`)
      return list(call, visible)
    },
    Namespaces_ListByResourceGroup: (call) => {
      const place = {
        subscriptionId: nameIn(call.params, 'subscriptionId'),
        resourceGroup: nameIn(call.params, 'resourceGroupName'),
      }
      const visible = visibleNamespaces(parts, call, place.subscriptionId).filter(({ document }) =>
        isPlacedAt(document.value, call.params),
      )
      if (visible.length === 0) {
        call.demand(namespaceRead, resourceGroupId(place))
        findResourceGroup(documents, place.subscriptionId, place.resourceGroup)
      }
      return list(call, visible)
    },
    Namespaces_Get: (call) => {
      const stored = findNamespace(documents, call.params)
      return ok(namespaceJson(parts, stored.document.value, call), etagOf(stored))
    },
  }
}

function writeHandlers(parts: ManagementParts): Pick<Handlers, WriteRoute> {
  const { documents } = parts
  return {
    Namespaces_CreateOrUpdate: async (call) => {
      const { stored, previous } = await putNamespace(parts, call, call.body)
      // The state of something that is not ready yet makes clients ask once more, as they do with Azure (observed).
      const state = previous ? 'Succeeded' : 'Created'
      return {
        status: previous || call.apiVersion < '2024' ? 200 : 201,
        body: namespaceJson(parts, stored.document.value, { apiVersion: call.apiVersion, state }),
        headers: etagOf(stored),
      }
    },
    Namespaces_Update: async (call) => {
      const { stored } = await patchNamespace(parts, call, call.body)
      return ok(namespaceJson(parts, stored.document.value, call), etagOf(stored))
    },
    Namespaces_Delete: async (call) => {
      const stored = namespaceAt(documents, call.params)
      const name = nameIn(call.params, 'namespaceName')
      if (!stored || !(await deleteDocument(parts, call, { kind: 'namespace', path: [name] }))) return { status: 204 }
      return { status: 202, headers: deleteResult(call, stored) }
    },
    Namespaces_DeleteResult: (call) => {
      const stored = namespaceAt(documents, call.params)
      // A namespace that somebody made again under the name is another one: nobody waits for its end.
      const isThere = stored && nameIn(call.params, 'operationId') === operationOf(stored)
      if (!isThere) return { status: 200 }
      return {
        status: 202,
        body: namespaceJson(parts, stored.document.value, { apiVersion: call.apiVersion, state: 'Removing' }),
        headers: deleteResult(call, stored),
      }
    },
  }
}

const namespaceRead = 'Microsoft.Relay/namespaces/read'

/** Azure, too, shows everybody in lists what is his, wherever his roles are. */
function visibleNamespaces(
  { documents }: ManagementParts,
  call: ArmCall,
  subscriptionId: string,
): readonly StoredNamespace[] {
  return documents
    .list('namespace')
    .filter(({ document: { value } }) => value.subscriptionId.toLowerCase() === subscriptionId.toLowerCase())
    .filter(({ document: { value } }) => call.may(namespaceRead, namespaceId(value, value.name)))
}

function deleteResult(call: ArmCall, stored: StoredNamespace): ArmReply['headers'] & object {
  const { value } = stored.document
  const id = namespaceId(value, value.name).split('/').map(encodeURIComponent).join('/')
  const location = `${call.origin}${id}/operationresults/${operationOf(stored)}?api-version=${call.apiVersion}`
  return { Location: location, 'Retry-After': '1' }
}

/** Names one deletion: the name alone, as Azure has it, would also fit a namespace that is made later. */
function operationOf({ document: { value } }: StoredNamespace): string {
  return `${value.name}-${value.createdAt.getTime().toString(36)}`
}
